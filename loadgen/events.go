package loadgen

import (
	"bytes"
	"math"
)

// eventLine bounds a line of an event stream, in bytes.
const eventLine = 1 << 20

// unknown stands for a number that an event does not have.
const unknown = math.MinInt64

// event is one of a stream (WHATWG HTML, 9.2.6), as far as a load needs it.
type event struct {
	id   int64 // its own id, if that is a whole number; else unknown
	due  int64 // when it was due, by due_us in its data, in microseconds since 1970; else unknown
	size int64 // bytes of data
}

// eventParser reads text/event-stream as its bytes arrive, and does no I/O. The zero value is at
// the beginning of a stream.
type eventParser struct {
	event
	data    bool // the event has data; one without is none
	named   bool // id has been set
	timed   bool // due has been set
	started bool // the first line, which a byte order mark may begin, has been read
	cr      bool // the last byte was a CR, with which an LF makes one line end
	line    []byte
}

// reset begins another stream. It keeps the buffer.
func (p *eventParser) reset() { *p = eventParser{line: p.line[:0]} }

// feed parses bytes up to the end of an event, if it is among them. ok is false for a line of more
// than eventLine bytes.
func (p *eventParser) feed(b []byte) (used int, e event, whole, ok bool) {
	for used < len(b) {
		if p.cr {
			p.cr = false
			if b[used] == '\n' {
				used++
				continue
			}
		}
		end := bytes.IndexAny(b[used:], "\r\n")
		if end < 0 {
			p.line = append(p.line, b[used:]...)
			return len(b), event{}, false, len(p.line) <= eventLine
		}
		line := b[used : used+end]
		if len(p.line) > 0 {
			p.line = append(p.line, line...)
			line = p.line
		}
		used += end + 1
		p.cr = b[used-1] == '\r'
		whole = p.takenLine(line)
		p.line = p.line[:0]
		if whole {
			e = p.event
			if !p.named {
				e.id = unknown
			}
			if !p.timed {
				e.due = unknown
			}
		}
		if len(line) == 0 {
			p.event, p.data, p.named, p.timed = event{}, false, false, false
		}
		if whole {
			return used, e, true, true
		}
	}
	return used, event{}, false, true
}

// takenLine handles a line, and reports whether it ends an event.
func (p *eventParser) takenLine(line []byte) bool {
	if !p.started {
		p.started = true
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	if len(line) == 0 {
		return p.data
	}
	name, value, _ := bytes.Cut(line, []byte{':'})
	value = bytes.TrimPrefix(value, []byte{' '})
	switch string(name) {
	case "id":
		p.id, p.named = wholeNumber(value)
	case "data":
		p.data = true
		p.size += int64(len(value))
		if due, ok := dueIn(value); ok {
			p.due, p.timed = due, true
		}
	}
	return false
}

// dueIn returns the number that a line of JSON gives as due_us.
func dueIn(data []byte) (us int64, ok bool) {
	const name = `"due_us":`
	at := bytes.Index(data, []byte(name))
	if at < 0 {
		return 0, false
	}
	rest := bytes.TrimLeft(data[at+len(name):], " \t")
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	return wholeNumber(rest[:digits])
}

// wholeNumber parses up to 16 digits, which are whole numbers of JSON, and nanoseconds since 1970
// in microseconds, too.
func wholeNumber(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 16 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
