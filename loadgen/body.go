package loadgen

import "bytes"

// body takes a response's body in parts and drops them. It counts them, and compares them with what is wanted, so that
// no body is ever held.
type body struct {
	want    []byte // nil for any
	size    int64  // bytes so far
	differs bool   // what has come is not the beginning of the wanted
}

// Write never fails.
func (b *body) Write(part []byte) (int, error) {
	if b.want != nil && !b.differs {
		b.differs = int64(len(part)) > int64(len(b.want))-b.size || !bytes.Equal(part, b.want[b.size:b.size+int64(len(part))])
	}
	b.size += int64(len(part))
	return len(part), nil
}

// wrong tells of a body that has come to its end and is not the wanted one.
func (b *body) wrong() bool {
	return b.differs || (b.want != nil && b.size != int64(len(b.want)))
}
