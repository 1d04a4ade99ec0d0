package http1

import (
	"math"
)

// framing is what a header says about the body's length and the connection's end, for both kinds of
// message.
type framing struct {
	minor     int // of HTTP/1.minor; set before any field is noted
	length    int // Content-Length; math.MaxInt for anything larger
	hasLength bool
	coding    transferCoding
	foreign   bool // has a transfer coding other than chunked
	close     bool // Connection: close
	keepAlive bool // Connection: keep-alive
}

type transferCoding uint8

const (
	codingNone    transferCoding = iota
	codingOther                  // the last coding is not chunked
	codingChunked                // the last coding so far is chunked
)

// note records one field. A field without framing costs one switch on the length of its name.
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

// noteConnection looks for the two options that matter and skips the others, as RFC 9110, section
// 7.6.1 asks.
func (f *framing) noteConnection(list []byte) {
	for more := true; more; {
		var option []byte
		option, list, more = element(list)
		f.close = f.close || foldEqual(option, "close")
		f.keepAlive = f.keepAlive || foldEqual(option, "keep-alive")
	}
}

// noteLength accepts one Content-Length with one number. RFC 9110, section 8.6 permits repeats that
// agree, but no client worth serving sends them, and a proxy before this server may have read them
// differently.
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
			n = math.MaxInt // stays at the maximum, for 413, whatever digits follow
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

// noteCoding adds a list of transfer codings to those of earlier lines. It rejects empty elements,
// unlike in other lists: a sender must not write them (RFC 9110, section 5.6.1.1), and this list
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
			// A comma quoted in a parameter splits it, harmlessly, since only chunked alone is
			// accepted.
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

// check rejects codings that conflict or are not supported, once all fields are noted.
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

// closes reports whether the connection ends after the message (RFC 9112, section 9.3).
func (f *framing) closes() bool {
	return f.close || f.minor == 0 && !f.keepAlive
}

// body reads a body of known length or in chunks. The data is in buf[begin:end], where chunks are
// moved together.
type body struct {
	begin, end int
	size       int // of the next chunk
	overhead   int // bytes of chunk framing so far
	step       bodyStep
	trailers   section
}

type bodyStep uint8

const (
	bodySized bodyStep = iota // buf[begin:end], by Content-Length
	bodyChunkSize
	bodyChunkData
	bodyTrailers
)

// start determines how the body at offset begin ends. Call framing.check before. A message with
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

// next reads on and reports whether the body is complete, with the cursor behind it.
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
