package http1

// body reads a body of known length or in chunks. The data lies in buf[begin:end]: chunks are moved together in place.
type body struct {
	begin, end int
	size       int // of the chunk whose data comes next
	overhead   int // bytes of chunk framing so far
	step       bodyStep
	trailers   section
}

type bodyStep uint8

const (
	bodySized bodyStep = iota // buf[begin:end], as Content-Length said
	bodyChunkSize
	bodyChunkData
	bodyTrailers
)

// start decides how the body at offset begin ends, once framing.check has passed. A message with neither field has no body.
func (b *body) start(f *framing, begin int, l *Limits) *Error {
	if f.coding == codingChunked {
		*b = body{begin: begin, end: begin, step: bodyChunkSize}
		return nil
	}
	if f.length > l.Body {
		return errBody
	}
	b.begin, b.end, b.step = begin, begin+f.length, bodySized
	return nil
}

// next reads on and tells whether the body is whole; then the cursor is behind it.
func (b *body) next(c *cursor, buf []byte, l *Limits) (whole bool, err *Error) {
	if b.step != bodySized {
		return b.chunks(c, buf, l)
	}
	if len(buf) < b.end {
		return false, nil
	}
	c.moveTo(b.end)
	return true, nil
}
