package http1

import (
	"bytes"
	"slices"
)

// RequestParser reads the requests of one connection, one after another. The zero value is ready
// for use.
type RequestParser struct {
	Limits  Limits  // read at each request's start
	Request Request // valid after Parse returned n > 0, until the next Parse

	step    requestStep
	cursor  cursor
	begin   int // of the request line, behind any empty lines
	line    requestLine
	header  section
	spans   []span
	hosts   int
	framing framing
	expects bool // the client waits for 100-continue and was not told
	body    body
	failed  *Error
}

type requestStep uint8

const (
	stepStart requestStep = iota
	stepLine
	stepFields
	stepBody
	stepWhole
	stepFailed
)

// Continue is the complete interim response that ExpectsContinue asks for.
const Continue = "HTTP/1.1 100 Continue\r\n\r\n"

// maxEmptyLines bounds the empty lines before a request line. RFC 9112, section 2.2 asks for at
// least one, for old clients that send CRLF after a body.
const maxEmptyLines = 4

// Parse takes all bytes of one request that have arrived, with its first in buf[0]. Parse returns n
// > 0 if Request is complete: it has n bytes, and the next request starts behind them. Parse
// returns 0 and nil if more bytes must arrive, and 0 and an *Error if the request is rejected,
// again on each call until Reset.
//
// Until a request is complete, each call must bring the same bytes and any new ones; the buffer may
// move. Parse does not look at bytes again, so bytes that arrive singly cost only linear time.
// Chunked bodies are moved together inside buf.
func (p *RequestParser) Parse(buf []byte) (n int, err error) {
	if p.step == stepWhole {
		p.Reset()
	}
	if fault := p.advance(buf); fault != nil {
		p.step, p.failed = stepFailed, fault
		return 0, fault
	}
	if p.step != stepWhole {
		return 0, nil
	}
	p.fill(buf)
	return p.cursor.at, nil
}

// Reset prepares the parser for the next request, whatever happened to the last. It keeps the
// memory of Request.Fields.
func (p *RequestParser) Reset() {
	p.step = stepStart
}

// RefusedHead reports whether the request that Parse has just rejected is a HEAD. buf is Parse's
// argument.
func (p *RequestParser) RefusedHead(buf []byte) bool {
	return p.step == stepFailed && bytes.HasPrefix(buf[p.begin:], headMethod)
}

var headMethod = []byte("HEAD ")

// ExpectsContinue reports, once a request, that its header is complete, its body is not, and the
// client waits for Continue before sending the body (RFC 9110, section 10.1.1).
func (p *RequestParser) ExpectsContinue() bool {
	expects := p.expects && p.step == stepBody
	if expects {
		p.expects = false
	}
	return expects
}

// advance parses as far as the bytes reach.
func (p *RequestParser) advance(buf []byte) *Error {
	switch p.step {
	case stepStart:
		p.Limits.setDefaults()
		p.cursor, p.begin = cursor{}, 0
		p.spans, p.hosts, p.expects = p.spans[:0], 0, false
		p.step = stepLine
		fallthrough
	case stepLine:
		whole, err := p.requestLine(buf)
		if !whole {
			return err
		}
		p.header, p.framing = section{begin: p.cursor.at}, framing{minor: p.line.minor}
		p.step = stepFields
		fallthrough
	case stepFields:
		whole, err := p.fields(buf)
		if !whole {
			return err
		}
		if err := p.headEnd(); err != nil {
			return err
		}
		p.step = stepBody
		fallthrough
	case stepBody:
		whole, err := p.body.next(&p.cursor, buf, &p.Limits)
		if whole {
			p.step = stepWhole
		}
		return err
	}
	return p.failed
}

// requestLine skips empty lines and reads the request line.
func (p *RequestParser) requestLine(buf []byte) (whole bool, err *Error) {
	c := &p.cursor
	for c.at < len(buf) && buf[c.at] == '\r' {
		if c.at == maxEmptyLines*len("\r\n") {
			return false, errEmptyLines
		}
		if _, whole, err := c.line(buf, c.at+len("\r\n"), errMethod); !whole {
			return false, err
		}
	}
	if c.at == len(buf) {
		return false, nil
	}
	if !is(buf[c.at], tokenByte) { // rejects a TLS handshake before the line's end
		return false, errMethod
	}
	p.begin = c.at
	line, whole, err := c.line(buf, c.at+p.Limits.RequestLine+len("\r\n"), errRequestLineLong)
	if !whole {
		return false, err
	}
	err = p.line.parse(line)
	return err == nil, err
}

// fields reads field lines up to the empty one.
func (p *RequestParser) fields(buf []byte) (whole bool, err *Error) {
	for {
		field, whole, err := p.header.next(&p.cursor, buf, &p.Limits)
		if !whole || field.empty() {
			return whole, err
		}
		if err := p.note(buf, field); err != nil {
			return false, err
		}
		p.spans = append(p.spans, field)
	}
}

// note records the fields that concern the parser itself.
func (p *RequestParser) note(buf []byte, at span) *Error {
	switch at.nameLen() {
	case len("host"):
		if field := at.in(buf); foldEqual(field.Name, "host") {
			if p.hosts++; p.hosts > 1 {
				return errHostTwice
			}
			if !validHost(field.Value) {
				return errHost
			}
		}
	case len("expect"):
		// Other expectations are ignored, as RFC 9110, section 10.1.1 permits. 1.0 clients never
		// wait for an answer.
		if field := at.in(buf); foldEqual(field.Name, "expect") && p.line.minor == 1 {
			p.expects = p.expects || foldEqual(field.Value, "100-continue")
		}
	default:
		return p.framing.note(buf, at)
	}
	return nil
}

// headEnd judges the header as a whole and starts the body.
func (p *RequestParser) headEnd() *Error {
	if p.hosts == 0 && p.line.minor == 1 {
		return errHostMissing
	}
	if err := p.framing.check(); err != nil {
		return err
	}
	return p.body.start(&p.framing, p.cursor.at, &p.Limits)
}

var slash = []byte{'/'}

// fill points Request into buf. It runs last, because buf may differ at each call.
func (p *RequestParser) fill(buf []byte) {
	r, l := &p.Request, &p.line
	line := buf[p.begin : p.begin+l.targetEnd]
	r.Method = line[:l.methodEnd:l.methodEnd]
	r.Target = line[l.target:l.targetEnd:l.targetEnd]
	r.Path = line[l.path:l.pathEnd:l.pathEnd]
	if len(r.Path) == 0 {
		r.Path = slash
	}
	r.Query = nil
	if l.query > 0 {
		r.Query = line[l.query:l.targetEnd:l.targetEnd]
	}
	r.Minor = l.minor
	r.Fields = slices.Grow(r.Fields[:0], len(p.spans))[:len(p.spans)]
	for i, s := range p.spans {
		r.Fields[i] = s.in(buf)
	}
	r.Body = buf[p.body.begin:p.body.end:p.body.end]
	r.Close = p.framing.closes()
	r.Head = string(r.Method) == "HEAD"
}
