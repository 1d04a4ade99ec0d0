package http1

import (
	"bytes"
)

// Field is one header field. Value has no surrounding white space.
type Field struct{ Name, Value []byte }

// span holds a field's offsets in the buffer. Fields are spans until the message is complete,
// because the buffer may move.
type span struct{ name, nameEnd, value, valueEnd uint32 }

func (s span) nameLen() int { return int(s.nameEnd - s.name) }

func (s span) empty() bool { return s.nameLen() == 0 }

func (s span) in(buf []byte) Field {
	return Field{buf[s.name:s.nameEnd:s.nameEnd], buf[s.value:s.valueEnd:s.valueEnd]}
}

// section is a run of field lines up to the empty line that ends it: a header, or the trailers of a
// chunked body.
type section struct {
	begin int // offset of the first line, from which Limits.HeaderBytes counts
	count int // fields so far
}

// next reads one field line and moves the cursor behind it. whole is false until the line is
// complete. The empty line that ends the section is an empty span.
func (s *section) next(c *cursor, buf []byte, l *Limits) (field span, whole bool, err *Error) {
	limit := s.begin + l.HeaderBytes
	window := buf[:min(len(buf), limit)]
	// A line that was incomplete before is scanned again only once its LF has arrived.
	if c.scanned == c.at || bytes.IndexByte(window[c.scanned:], '\n') >= 0 {
		if field, end := scanField(window, c.at); end > 0 {
			c.moveTo(end)
			if field.empty() {
				return field, true, nil
			}
			if s.count++; s.count > l.HeaderCount {
				return field, false, errHeaderCount
			}
			return field, true, nil
		}
	}
	line, whole, err := c.line(buf, limit, errHeaderBytes)
	if whole {
		err = fieldFault(line)
	}
	return field, false, err
}

// scanField reads the field line, or the empty line, at w[at:]. end is the offset behind its CRLF,
// or 0 if the line is malformed or incomplete; the slower path finds out which. scanField makes one
// pass over the bytes, and takes most of a parser's time.
func scanField(w []byte, at int) (field span, end int) {
	i := at
	for i < len(w) && is(w[i], tokenByte) {
		i++
	}
	if i == len(w) {
		return span{}, 0
	}
	if i == at {
		if w[i] == '\r' && i+1 < len(w) && w[i+1] == '\n' {
			return span{}, i + 2
		}
		return span{}, 0
	}
	if w[i] != ':' {
		return span{}, 0
	}
	nameEnd := i
	i++
	for i < len(w) && (w[i] == ' ' || w[i] == '\t') {
		i++
	}
	value := i
	i = valueEnd(w, i)
	if i+1 >= len(w) || w[i] != '\r' || w[i+1] != '\n' {
		return span{}, 0
	}
	end = i + 2
	for i > value && (w[i-1] == ' ' || w[i-1] == '\t') {
		i--
	}
	return span{uint32(at), uint32(nameEnd), uint32(value), uint32(i)}, end
}

// fieldFault explains why scanField rejected a complete line.
func fieldFault(line []byte) *Error {
	rest := skipToken(line)
	switch {
	case len(rest) == len(line) && (line[0] == ' ' || line[0] == '\t'):
		return errFieldFold
	case len(rest) == len(line) || len(rest) == 0 || rest[0] != ':':
		return errFieldName
	}
	return errFieldValue
}

// element splits the first element, which may be empty, off a comma-separated list (RFC 9110,
// section 5.6.1).
func element(list []byte) (first, rest []byte, more bool) {
	first, rest, more = bytes.Cut(list, comma)
	return trim(first), rest, more
}

var comma = []byte{','}

// cursor is a parser's position in a message. It is kept from call to call, so that no byte is
// searched twice.
type cursor struct {
	at      int // offset of the next line or data byte
	scanned int // buf[at:scanned] has no LF
}

func (c *cursor) moveTo(at int) { c.at, c.scanned = at, at }

// line returns the line at the cursor without its CRLF, and moves behind it. whole is false until
// the LF has arrived. The line with its CRLF must end at offset limit of buf or before, otherwise
// line returns tooLong.
func (c *cursor) line(buf []byte, limit int, tooLong *Error) (line []byte, whole bool, err *Error) {
	window := buf[:min(len(buf), limit)]
	i := bytes.IndexByte(window[c.scanned:], '\n')
	if i < 0 {
		if len(buf) >= limit {
			return nil, false, tooLong
		}
		c.scanned = len(window)
		return nil, false, nil
	}
	end := c.scanned + i
	if end == c.at || window[end-1] != '\r' {
		return nil, false, errBareLF
	}
	line = window[c.at : end-1]
	c.moveTo(end + 1)
	return line, true, nil
}
