package http1

import "io"

// ResponseParser reads the responses of one connection, one after another. The zero value is ready.
// The head is held to DefaultLimits.
type ResponseParser struct {
	MaxBody int  // bytes of body once any chunked coding is removed; 0 stands for DefaultLimits.Body
	Head    bool // the request was a HEAD: the response has no body, whatever its header says

	// Good once Parse has returned n > 0, until the next Parse. The slices point into the buffer
	// that was parsed.
	Status      int
	ContentType []byte // the first Content-Type, nil where there is none
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

// maxInterims bounds the 1xx responses that may come before the final one. Servers send one or two.
const maxInterims = 8

// Parse takes all bytes that have arrived of one response; buf[0] is its first. The rules are those
// of RequestParser.Parse: n > 0 when the response is whole, 0 and nil when more must arrive, 0 and
// an *Error with status 502 when it is refused. 1xx responses are passed over.
//
// eof says that the peer has closed and nothing will follow buf. That ends a body that has neither
// Content-Length nor chunked coding; anything else that is not whole by then is
// io.ErrUnexpectedEOF.
func (p *ResponseParser) Parse(buf []byte, eof bool) (n int, err error) {
	if p.step == responseWhole {
		p.Reset()
	}
	if fault := p.advance(buf, eof); fault != nil {
		if fault.Status != 502 { // the same fault in a request would be 400 and so on
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

// Reset makes the parser ready for the next response, whatever became of the last.
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

// advance goes as far as the bytes reach.
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

// statusLine reads "HTTP/1.1 200 OK". The space behind the status must be there even without a
// reason (RFC 9112, section 4), but servers forget it and nothing hangs on it, so it may be
// missing.
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

// headEnd decides how the body ends, in the order of RFC 9112, section 6.3.
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
		return err // also where there is no body: who frames wrongly here does so elsewhere
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
