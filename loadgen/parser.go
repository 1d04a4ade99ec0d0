package loadgen

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

const (
	// maxHead is the most bytes of status lines and header (or trailer) fields that one response may have.
	maxHead = 64 << 10
	// maxChunkLine is the most bytes of a line with a chunk's size and extensions.
	maxChunkLine = 4 << 10
)

var errBodyTooLarge = errors.New("the response's body is larger than the limit")

// answer is what one response said.
type answer struct {
	status  int
	size    int64 // bytes of body, chunked coding removed
	close   bool  // the connection cannot carry another request
	differs bool  // the body is not the wanted one
}

// parser takes responses apart as their bytes arrive, and does no I/O: both engines read with it. It is strict: what
// HTTP/1.1 forbids is an error, where net/http forgives some of it, since a load generator that misreads one response's
// end takes the rest of the connection for other responses. It forgives a bare LF at the end of a line of the header
// (RFC 9112, 2.2) and a status line without the space before its empty reason.
//
// Bodies are counted, compared and dropped; nothing is allocated for a response whose lines arrive whole.
type parser struct {
	maxBody int64 // bytes
	body    body

	state  state
	toHEAD bool
	begun  bool   // a byte of the response has come
	head   int    // bytes of header, or of trailer
	line   []byte // the beginning of a line whose end has not come yet
	minor  int    // of HTTP/1.minor
	framing
	left   int64 // bytes of the body, or of the chunk, that are still to come
	answer answer
}

// state is what a parser expects next.
type state uint8

const (
	statusLine state = iota
	headerLine
	bodyBytes // as many as Content-Length says
	restBytes // a body that ends with the connection
	chunkLine // a chunk's size
	chunkBytes
	chunkEnd // the line end behind a chunk
	trailerLine
)

// begin makes the parser ready for the response to the next request. toHEAD says that this is a HEAD, whose response
// has a header only.
func (p *parser) begin(toHEAD bool) {
	p.state, p.toHEAD, p.begun, p.head, p.left = statusLine, toHEAD, false, 0, 0
	p.line, p.framing, p.answer, p.body = p.line[:0], framing{length: -1}, answer{}, body{want: p.body.want}
}

// feed takes the next bytes of the connection. It returns how many of them it used, and whether the response is whole:
// p.answer then tells what it was. All are used until it is. Interim responses (1xx) are skipped.
func (p *parser) feed(b []byte) (used int, whole bool, err error) {
	p.begun = p.begun || len(b) > 0
	for used < len(b) && !whole && err == nil {
		var n int
		switch p.state {
		case bodyBytes, chunkBytes:
			n = int(min(p.left, int64(len(b)-used)))
			p.left -= int64(n)
			p.body.Write(b[used : used+n])
			if p.left == 0 {
				whole = p.state == bodyBytes
				p.state = chunkEnd // which means nothing when the response is whole
			}
		case restBytes:
			n = len(b) - used
			if int64(n) > p.maxBody-p.body.size {
				return used, false, errBodyTooLarge
			}
			p.body.Write(b[used:])
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

// end is for the end of the connection's bytes: of some responses that is the end too. It returns io.EOF when there was
// no byte of one, io.ErrUnexpectedEOF when there were some.
func (p *parser) end() (answer, error) {
	switch {
	case p.state == restBytes:
		p.finish()
		return p.answer, nil
	case !p.begun:
		return answer{}, io.EOF
	}
	return answer{}, io.ErrUnexpectedEOF
}

// finish completes the answer at the response's end.
func (p *parser) finish() {
	p.answer.size, p.answer.differs = p.body.size, p.body.wrong()
}

// takeLine takes a line to its end, which it cuts off, or what there is of it, which it keeps. Its bytes are good until
// the next feed.
func (p *parser) takeLine(b []byte) (line []byte, used int, ended bool, err error) {
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
	case p.head+used > maxHead:
		return nil, used, false, malformed("a header of more than %d bytes", maxHead)
	default:
		p.head += used
	}
	if end < 0 {
		p.line = append(p.line, b...)
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
		// Other readers differ on where such a chunk begins.
		return nil, used, false, malformed("a bare LF after %.40q in chunked coding", line)
	}
	return line, used, true, nil
}

func (p *parser) soFar(b []byte) []byte {
	if len(p.line) > 0 {
		return p.line
	}
	return b
}

// takenLine acts on a whole line.
func (p *parser) takenLine(line []byte) (whole bool, err error) {
	switch p.state {
	case statusLine:
		p.minor, p.answer.status, err = parseStatus(line)
		p.state = headerLine
		return false, err
	case headerLine:
		if len(line) == 0 {
			return p.headerEnds()
		}
		return false, p.framing.field(line)
	case chunkLine:
		n, err := parseChunkSize(line)
		switch {
		case err != nil:
			return false, err
		case n > p.maxBody-p.body.size:
			return false, errBodyTooLarge
		case n == 0:
			p.state, p.head = trailerLine, 0
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
	// The trailer. What it says of framing comes too late to mean anything.
	if len(line) == 0 {
		return true, nil
	}
	late := framing{length: -1}
	return false, late.field(line)
}

// headerEnds finds out how the body is framed (RFC 9112, 6.3).
func (p *parser) headerEnds() (whole bool, err error) {
	status := p.answer.status
	if status < 200 {
		if status == http.StatusSwitchingProtocols {
			return false, malformed("101 Switching Protocols to a request that asked for none")
		}
		p.state, p.framing = statusLine, framing{length: -1}
		return false, nil
	}
	if p.chunked && (p.minor == 0 || p.length >= 0) {
		// RFC 9112, 6.1 and 6.3: faulty framing, perhaps a smuggling attempt.
		return false, malformed("Transfer-Encoding in HTTP/1.0 or beside Content-Length")
	}
	p.answer.close = p.close || (p.minor == 0 && !p.keepAlive)
	switch {
	case p.toHEAD || status == http.StatusNoContent || status == http.StatusNotModified:
		return true, nil
	case p.chunked:
		p.state = chunkLine
	case p.length > p.maxBody:
		return false, errBodyTooLarge
	case p.length >= 0:
		p.state, p.left = bodyBytes, p.length
		return p.length == 0, nil
	default:
		p.state, p.answer.close = restBytes, true
	}
	return false, nil
}
