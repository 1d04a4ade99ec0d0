package http1

import (
	"math"
)

// framing is what a header says of the body's length and of the connection's end. Both kinds of
// message share it.
type framing struct {
	minor     int // of the message's version, HTTP/1.minor: set before any field is noted
	length    int // Content-Length; math.MaxInt for anything larger
	hasLength bool
	coding    transferCoding
	foreign   bool // a transfer coding other than chunked is there
	close     bool // Connection: close
	keepAlive bool // Connection: keep-alive
}

type transferCoding uint8

const (
	codingNone    transferCoding = iota
	codingOther                  // there are codings, and the last is not chunked
	codingChunked                // chunked is the last one so far
)

// note takes in one field. Fields that say nothing about framing cost it one switch on the name's
// length.
func (f *framing) note(buf []byte, at span) *Error {
	switch at.nameLen() {
	case len("connection"):
		if field := at.in(buf); foldEqual(field.Name, "connection") {
			f.noteConnection(field.Value)
		}
	case len("content-length"):
		if field := at.in(buf); foldEqual(field.Name, "content-length") {
			return f.noteLength(field.Value)
		}
	case len("transfer-encoding"):
		if field := at.in(buf); foldEqual(field.Name, "transfer-encoding") {
			return f.noteCoding(field.Value)
		}
	}
	return nil
}

// noteConnection looks for the two options that matter and passes over the rest, as RFC 9110,
// section 7.6.1 asks.
func (f *framing) noteConnection(list []byte) {
	for more := true; more; {
		var option []byte
		option, list, more = element(list)
		f.close = f.close || foldEqual(option, "close")
		f.keepAlive = f.keepAlive || foldEqual(option, "keep-alive")
	}
}

// noteLength allows one Content-Length with one number. RFC 9110, section 8.6 lets a recipient
// accept repeats that agree; they come from nothing that we need to serve, and a proxy before us
// may have read them in another way.
func (f *framing) noteLength(value []byte) *Error {
	if f.hasLength {
		return errLengthTwice
	}
	n := 0
	for _, c := range value {
		if !is(c, digitByte) {
			return errLength
		}
		if n > (math.MaxInt-9)/10 {
			n = math.MaxInt // stays there: 413, whatever digits follow
			continue
		}
		n = n*10 + int(c-'0')
	}
	if len(value) == 0 {
		return errLength
	}
	f.length, f.hasLength = n, true
	return nil
}

// noteCoding adds a list of transfer codings to those of earlier lines. Empty elements are refused,
// unlike in other lists: a sender may not write them (RFC 9110, section 5.6.1.1), and this list
// decides where the message ends.
func (f *framing) noteCoding(list []byte) *Error {
	if f.minor == 0 {
		return errCodingVersion
	}
	for more := true; more; {
		var coding []byte
		coding, list, more = element(list)
		name := coding
		for i, c := range coding {
			// a comma quoted in a parameter cuts it in two; harmless, as only chunked alone is ever
			// accepted
			if c == ';' {
				name = trim(coding[:i])
				break
			}
		}
		switch {
		case !isToken(name):
			return errCoding
		case f.coding == codingChunked:
			return errCodingOrder
		case !foldEqual(name, "chunked"):
			f.coding, f.foreign = codingOther, true
		case len(name) != len(coding):
			return errCoding
		default:
			f.coding = codingChunked
		}
	}
	return nil
}

// check refuses codings that do not go together or are not served, once all fields are noted.
func (f *framing) check() *Error {
	switch {
	case f.coding == codingNone:
		return nil
	case f.hasLength:
		return errLengthAndCoding
	case f.coding != codingChunked:
		return errCodingOrder
	case f.foreign:
		return errCodingUnknown
	}
	return nil
}

// closes tells whether the connection ends after the message (RFC 9112, section 9.3).
func (f *framing) closes() bool {
	return f.close || f.minor == 0 && !f.keepAlive
}

// body reads a body of known length or in chunks. The data lies in buf[begin:end]: chunks are moved
// together in place.
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

// start decides how the body at offset begin ends, once framing.check has passed. A message with
// neither field has no body.
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
