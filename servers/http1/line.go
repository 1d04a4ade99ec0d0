package http1

import "bytes"

// cursor is how far a parser has come in a message. It survives from call to call, so that no byte is searched twice.
type cursor struct {
	at      int // the next line, or the next byte of data
	scanned int // there is no LF in buf[at:scanned]
}

func (c *cursor) moveTo(at int) { c.at, c.scanned = at, at }

// line gives the line at the cursor without its CRLF, and moves behind it. whole is false until its LF has arrived.
// The line and its CRLF must end at offset limit of buf or before; else it fails with tooLong.
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
