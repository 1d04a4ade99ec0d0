// Package response parses HTTP/1.1 responses as strictly as a load generator must. Its Parser does
// no I/O.
package response

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
)

const (
	// MaxHead bounds the bytes of status lines and header (or trailer) fields of one response.
	MaxHead = 1 << 20
	// maxChunkLine bounds the bytes of a line with a chunk's size and extensions.
	maxChunkLine = 4 << 10
)

// ErrBodyTooLarge says that a body is larger than the limit.
var ErrBodyTooLarge = errors.New("the response's body is larger than the limit")

// MalformedError is a response that HTTP/1.1 does not allow.
type MalformedError struct{ Reason string }

func (e *MalformedError) Error() string { return "malformed response: " + e.Reason }

func malformed(format string, args ...any) error {
	return &MalformedError{fmt.Sprintf(format, args...)}
}

// Answer is the content of one response.
type Answer struct {
	Status  int
	Size    int64 // bytes of body after removing the chunked coding
	Close   bool  // the connection cannot carry another request
	Differs bool  // the body is not the expected one
}

// Parser parses responses as their bytes arrive. Both engines use it. Parser is strict, where
// net/http is lenient: a load generator that misreads one response's end takes the rest of the
// connection for other responses. Parser accepts a bare LF at the end of a header line (RFC 9112,
// 2.2), a field folded over several lines (5.2), and a status line without the space before its
// empty reason.
//
// Bodies are counted, compared and dropped. A response whose lines arrive whole allocates nothing.
type Parser struct {
	// Sink, if set, takes the parts of bodies, whose size then has no limit. It may use less than
	// all of a part, and may say that Feed should return what it has used so far.
	Sink func(part []byte) (used int, stop bool)

	maxBody int64 // bytes
	body    Body

	state  state
	toHEAD bool
	begun  bool   // a byte of the response has arrived
	head   int    // bytes of header, or of trailer
	line   []byte // the start of an incomplete line
	minor  int    // of HTTP/1.minor
	named  bool   // there has been a field, which the next line may continue
	last   []byte // the last field, if it matters: the next line may continue it
	framing
	left   int64 // bytes of the body or chunk still to come
	answer Answer
}

// NewParser returns a parser for responses whose bodies have at most maxBody bytes and should equal
// want; nil stands for any. Call Begin before the first response too.
func NewParser(maxBody int64, want []byte) Parser {
	return Parser{maxBody: maxBody, body: Body{Want: want}}
}

// state is what a parser expects next.
type state uint8

const (
	statusLine state = iota
	headerLine
	bodyBytes // counted by Content-Length
	restBytes // until the connection ends
	chunkLine // the line with a chunk's size
	chunkBytes
	chunkEnd // the line end after a chunk
	trailerLine
)

// Begin prepares the parser for the response to the next request. toHEAD says that the request is a
// HEAD, whose response has no body.
func (p *Parser) Begin(toHEAD bool) {
	p.state, p.toHEAD, p.begun, p.head, p.left = statusLine, toHEAD, false, 0, 0
	p.line, p.framing, p.answer, p.body = p.line[:0], framing{length: -1}, Answer{}, Body{Want: p.body.Want}
	p.named, p.last = false, p.last[:0]
}

// Feed parses the next bytes of the connection. It returns how many bytes it used, and whether the
// response is complete, which Answer then returns. Feed uses all bytes until a response is
// complete, and skips interim responses (1xx).
func (p *Parser) Feed(b []byte) (used int, whole bool, err error) {
	p.begun = p.begun || len(b) > 0
	for stop := false; used < len(b) && !whole && !stop && err == nil; {
		var n int
		switch p.state {
		case bodyBytes, chunkBytes:
			n, stop = p.takePart(b[used:][:min(p.left, int64(len(b)-used))])
			p.left -= int64(n)
			if p.left == 0 {
				whole = p.state == bodyBytes
				p.state = chunkEnd // ignored once the response is complete
			}
		case restBytes:
			if int64(len(b)-used) > p.room() {
				return used, false, ErrBodyTooLarge
			}
			n, stop = p.takePart(b[used:])
		default:
			var line []byte
			var ended bool
			if line, n, ended, err = p.takeLine(b[used:]); err == nil && ended {
				whole, err = p.takenLine(line)
				p.line = p.line[:0]
			}
		}
		used += n
	}
	if whole {
		p.finish()
	}
	return used, whole, err
}

// takePart takes the next part of the body.
func (p *Parser) takePart(part []byte) (used int, stop bool) {
	if p.Sink != nil {
		return p.Sink(part)
	}
	p.body.Write(part)
	return len(part), false
}

// room returns how many more bytes the body may have.
func (p *Parser) room() int64 {
	if p.Sink != nil {
		return math.MaxInt64
	}
	return p.maxBody - p.body.size
}

// Status returns the response's status, 0 until its line has been read.
func (p *Parser) Status() int { return p.answer.Status }

// Events reports, with a Sink and once the header is complete, whether the response's type is
// text/event-stream.
func (p *Parser) Events() bool { return p.events }

// InBody reports whether the header is complete.
func (p *Parser) InBody() bool { return p.state > headerLine }

// Range returns, with a Sink and once the header is complete, what the response's Content-Range
// says; ok is false without one.
func (p *Parser) Range() (r ContentRange, ok bool) { return p.span, p.ranged }

// Answer returns the complete response.
func (p *Parser) Answer() Answer { return p.answer }

// Begun reports whether a byte of the response has arrived.
func (p *Parser) Begun() bool { return p.begun }

// End ends the connection's bytes, which completes some responses. End returns io.EOF if no byte of
// a response came, and io.ErrUnexpectedEOF for an incomplete one.
func (p *Parser) End() (Answer, error) {
	switch {
	case p.state == restBytes:
		p.finish()
		return p.answer, nil
	case !p.begun:
		return Answer{}, io.EOF
	}
	return Answer{}, io.ErrUnexpectedEOF
}

// finish completes the answer at the response's end.
func (p *Parser) finish() {
	p.answer.Size, p.answer.Differs = p.body.size, p.body.Differs()
}

// takeLine consumes a line up to its end and removes the end. It keeps an incomplete line for the
// next call. The returned bytes are valid until then.
func (p *Parser) takeLine(b []byte) (line []byte, used int, ended bool, err error) {
	end := bytes.IndexByte(b, '\n')
	used = end + 1
	if end < 0 {
		used = len(b)
	}
	switch {
	case p.state == chunkLine || p.state == chunkEnd:
		if len(p.line)+used > maxChunkLine {
			return nil, used, false, malformed("chunk size line %.40q", p.soFar(b))
		}
	case p.head+used > MaxHead:
		return nil, used, false, malformed("a header of more than %d bytes", MaxHead)
	default:
		p.head += used
	}
	if end < 0 {
		p.line = append(p.line, b...)
		if p.state == statusLine && StartsHTTP2(p.line) {
			return nil, used, false, errHTTP2 // which may wait forever for the client's preface
		}
		return nil, used, false, nil
	}
	line = b[:end]
	if len(p.line) > 0 {
		p.line = append(p.line, line...)
		line = p.line
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1], used, true, nil
	}
	if p.state > headerLine {
		// Other readers disagree on where such a chunk begins.
		return nil, used, false, malformed("a bare LF after %.40q in chunked coding", line)
	}
	return line, used, true, nil
}

func (p *Parser) soFar(b []byte) []byte {
	if len(p.line) > 0 {
		return p.line
	}
	return b
}

// takenLine handles a complete line.
func (p *Parser) takenLine(line []byte) (whole bool, err error) {
	switch p.state {
	case statusLine:
		p.minor, p.answer.Status, err = parseStatus(line)
		p.state = headerLine
		return false, err
	case headerLine:
		if len(line) == 0 {
			return p.headerEnds()
		}
		return false, p.fieldLine(line)
	case chunkLine:
		n, err := parseChunkSize(line)
		switch {
		case err != nil:
			return false, err
		case n > p.room():
			return false, ErrBodyTooLarge
		case n == 0:
			p.state, p.head, p.named = trailerLine, 0, false
		default:
			p.state, p.left = chunkBytes, n
		}
		return false, nil
	case chunkEnd:
		if len(line) > 0 {
			return false, malformed("%.40q where a chunk should end", line)
		}
		p.state = chunkLine
		return false, nil
	}
	// The trailer.
	if len(line) == 0 {
		return true, p.fieldEnds()
	}
	return false, p.fieldLine(line)
}

// fieldLine handles a line of the header or trailer: a field, or the continuation of the field
// before, as if a space stood for the line break (obs-fold; RFC 9112, 5.2).
func (p *Parser) fieldLine(line []byte) error {
	if line[0] == ' ' || line[0] == '\t' {
		if !p.named || forbidden(line) {
			return malformed("header line %.40q", line)
		}
		if len(p.last) > 0 {
			p.last = append(append(p.last, ' '), trim(line)...)
		}
		return nil
	}
	if len(p.last) > 0 {
		if err := p.fieldEnds(); err != nil {
			return err
		}
	}
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || !token(line[:colon]) || forbidden(line[colon:]) {
		return malformed("header line %.40q", line)
	}
	if matters(line[:colon]) || p.Sink != nil && (is(line[:colon], contentType) ||
		is(line[:colon], contentRange)) {
		p.last = append(p.last, line...)
	}
	p.named = true
	return nil
}

// fieldEnds handles the last field once it is complete. A trailer's framing fields come too late
// and are ignored.
func (p *Parser) fieldEnds() error {
	if len(p.last) == 0 {
		return nil
	}
	f := &p.framing
	if p.state == trailerLine {
		f = &framing{length: -1}
	}
	err := f.field(p.last)
	p.last = p.last[:0]
	return err
}

// headerEnds determines how the body is framed (RFC 9112, 6.3).
func (p *Parser) headerEnds() (whole bool, err error) {
	if err := p.fieldEnds(); err != nil {
		return false, err
	}
	status := p.answer.Status
	if status < 200 {
		if status == http.StatusSwitchingProtocols {
			return false, malformed("101 Switching Protocols to a request that asked for none")
		}
		p.state, p.framing, p.named = statusLine, framing{length: -1}, false
		return false, nil
	}
	if p.chunked && (p.minor == 0 || p.length >= 0) {
		// RFC 9112, 6.1 and 6.3: faulty framing, perhaps a smuggling attempt.
		return false, malformed("Transfer-Encoding in HTTP/1.0 or beside Content-Length")
	}
	p.answer.Close = p.close || (p.minor == 0 && !p.keepAlive)
	switch {
	case p.toHEAD || status == http.StatusNoContent || status == http.StatusNotModified:
		return true, nil
	case p.chunked:
		p.state = chunkLine
	case p.length > p.room():
		return false, ErrBodyTooLarge
	case p.length >= 0:
		p.state, p.left = bodyBytes, p.length
		return p.length == 0, nil
	default:
		p.state, p.answer.Close = restBytes, true
	}
	return false, nil
}

// Body counts a response's body part by part, compares it with the expected one, and holds no part.
type Body struct {
	Want    []byte // nil for any
	size    int64  // bytes so far
	differs bool   // the body so far is not a prefix of Want
}

// Write handles the next part of the body. It never fails.
func (b *Body) Write(part []byte) (int, error) {
	if b.Want != nil && !b.differs {
		b.differs = int64(len(part)) > int64(len(b.Want))-b.size ||
			!bytes.Equal(part, b.Want[b.size:b.size+int64(len(part))])
	}
	b.size += int64(len(part))
	return len(part), nil
}

// Differs reports, at the end of the body, whether it differs from Want.
func (b *Body) Differs() bool {
	return b.differs || (b.Want != nil && b.size != int64(len(b.Want)))
}
