package response

import "bytes"

// Body takes a response's body in parts and drops them. It counts them, and compares them with what is wanted, so that
// no body is ever held.
type Body struct {
	Want    []byte // nil for any
	size    int64  // bytes so far
	differs bool   // what has come is not the beginning of the wanted
}

// Write never fails.
func (b *Body) Write(part []byte) (int, error) {
	if b.Want != nil && !b.differs {
		b.differs = int64(len(part)) > int64(len(b.Want))-b.size || !bytes.Equal(part, b.Want[b.size:b.size+int64(len(part))])
	}
	b.size += int64(len(part))
	return len(part), nil
}

// Wrong tells of a body that has come to its end and is not the wanted one.
func (b *Body) Wrong() bool {
	return b.differs || (b.Want != nil && b.size != int64(len(b.Want)))
}
