package http1

import "io"

// ResponseParser reads the responses of one connection, one after another. The zero value is ready
// for use. DefaultLimits apply to the head.
type ResponseParser struct {
	MaxBody int  // bytes of body without chunked coding; 0 means DefaultLimits.Body
	Head    bool // the request was a HEAD: no body, whatever the header says

	// The results are valid after Parse returned n > 0, until the next Parse. Slices point into the
	// parsed buffer.
	Status      int
	ContentType []byte // the first Content-Type; nil if there is none
	Body        []byte
	Close       bool // the connection cannot be used again

	step        responseStep
	cursor      cursor
	begin       int // of the status line, behind any interim responses
	interims    int
	header      section
	contentType span
	framing     framing
	body        body
	failed      *Error
}

type responseStep uint8

const (
	responseStart responseStep = iota
	responseLine
	responseFields
	responseBody
	responseToEnd // the body has no length: it ends with the connection
	responseWhole
	responseFailed
)

// maxInterims bounds the 1xx responses before the final one. Servers send one or two.
const maxInterims = 8

// Parse takes all bytes of one response that have arrived, with its first in buf[0]. Parse returns
// n > 0 if the response is complete, 0 and nil if more must arrive, and 0 and an *Error with status
// 502 if it is rejected, by the rules of RequestParser.Parse. 1xx responses are skipped.
//
// eof says that the peer has closed and nothing will follow buf. That ends a body with neither
// Content-Length nor chunked coding. Anything else incomplete is then io.ErrUnexpectedEOF.
func (p *ResponseParser) Parse(buf []byte, eof bool) (n int, err error) {
	if p.step == responseWhole {
		p.Reset()
	}
	if fault := p.advance(buf, eof); fault != nil {
		if fault.Status != 502 { // in a request the same fault is 400 or another
			fault = &Error{502, fault.Reason}
		}
		p.step, p.failed = responseFailed, fault
		return 0, fault
	}
	if p.step == responseWhole {
		p.fill(buf)
		return p.cursor.at, nil
	}
	if eof {
		return 0, io.ErrUnexpectedEOF
	}
	return 0, nil
}

// Reset prepares the parser for the next response, whatever happened to the last.
func (p *ResponseParser) Reset() {
	p.step = responseStart
}

func (p *ResponseParser) limits() Limits {
	l := DefaultLimits
	if p.MaxBody > 0 {
		l.Body = p.MaxBody
	}
	return l
}

// advance parses as far as the bytes reach.
func (p *ResponseParser) advance(buf []byte, eof bool) *Error {
	l := p.limits()
	for {
		switch p.step {
		case responseStart:
			p.cursor, p.interims = cursor{}, 0
			p.startLine()
		case responseLine:
			line, whole, err := p.cursor.line(buf, p.begin+l.RequestLine, errStatusLineLong)
			if !whole {
				return err
			}
			if err := p.statusLine(line); err != nil {
				return err
			}
			p.header = section{begin: p.cursor.at}
			p.step = responseFields
		case responseFields:
			whole, err := p.fields(buf, &l)
			if !whole {
				return err
			}
			if err := p.headEnd(&l); err != nil {
				return err
			}
		case responseBody:
			whole, err := p.body.next(&p.cursor, buf, &l)
			if whole {
				p.step = responseWhole
			}
			return err
		case responseToEnd:
			if len(buf)-p.body.begin > l.Body {
				return errBody
			}
			if eof {
				p.body.end = len(buf)
				p.cursor.moveTo(len(buf))
				p.step = responseWhole
			}
			return nil
		default:
			return p.failed
		}
	}
}

func (p *ResponseParser) startLine() {
	p.begin, p.contentType = p.cursor.at, span{}
	p.step = responseLine
}

// statusLine reads "HTTP/1.1 200 OK". The space after the status is required even without a reason
// (RFC 9112, section 4), but servers forget it and nothing depends on it, so it may be missing.
func (p *ResponseParser) statusLine(line []byte) *Error {
	const status = len("HTTP/1.1 ")
	if len(line) < status+3 || len(line) > status+3 && line[status+3] != ' ' || !validValue(line) {
		return errStatusLine
	}
	switch string(line[:status]) {
	case "HTTP/1.1 ":
		p.framing = framing{minor: 1}
	case "HTTP/1.0 ":
		p.framing = framing{minor: 0}
	default:
		return errStatusLine
	}
	p.Status = 0
	for _, c := range line[status : status+3] {
		if !is(c, digitByte) {
			return errStatusLine
		}
		p.Status = p.Status*10 + int(c-'0')
	}
	if p.Status < 100 {
		return errStatusLine
	}
	return nil
}

// fields reads field lines up to the empty one.
func (p *ResponseParser) fields(buf []byte, l *Limits) (whole bool, err *Error) {
	for {
		field, whole, err := p.header.next(&p.cursor, buf, l)
		if !whole || field.empty() {
			return whole, err
		}
		if field.nameLen() == len("content-type") {
			if p.contentType.empty() && foldEqual(field.in(buf).Name, "content-type") {
				p.contentType = field
			}
			continue
		}
		if err := p.framing.note(buf, field); err != nil {
			return false, err
		}
	}
}

// headEnd determines how the body ends, in the order of RFC 9112, section 6.3.
func (p *ResponseParser) headEnd(l *Limits) *Error {
	if p.Status < 200 {
		if p.Status == 101 {
			return errSwitching
		}
		if p.interims++; p.interims > maxInterims {
			return errInterim
		}
		p.startLine()
		return nil
	}
	f := &p.framing
	p.step = responseBody
	if err := f.check(); err != nil {
		return err // also without a body: wrong framing here is a sign of wrong framing elsewhere
	}
	if p.Head || bodiless(p.Status) {
		p.body = body{begin: p.cursor.at, end: p.cursor.at}
		return nil
	}
	if f.coding == codingNone && !f.hasLength {
		f.close = true
		p.step = responseToEnd
	}
	return p.body.start(f, p.cursor.at, l)
}

// fill points the results into buf.
func (p *ResponseParser) fill(buf []byte) {
	p.ContentType = nil
	if !p.contentType.empty() {
		p.ContentType = p.contentType.in(buf).Value
	}
	p.Body = buf[p.body.begin:p.body.end:p.body.end]
	p.Close = p.framing.closes()
}
