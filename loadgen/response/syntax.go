package response

import (
	"bytes"
	"math"
)

// parseStatus reads "HTTP/1.1 200 OK" (RFC 9112, 4).
func parseStatus(l []byte) (minor, status int, err error) {
	const version = "HTTP/1.x "
	if StartsHTTP2(l) {
		return 0, 0, errHTTP2
	}
	if len(l) < len(version)+3 || string(l[:7]) != "HTTP/1." || (l[7] != '0' && l[7] != '1') || l[8] != ' ' {
		return 0, 0, malformed("status line %.40q", l)
	}
	for _, c := range l[9:12] {
		if c < '0' || c > '9' {
			return 0, 0, malformed("status line %.40q", l)
		}
		status = status*10 + int(c-'0')
	}
	if status < 100 || (len(l) > 12 && l[12] != ' ') || forbidden(l) {
		return 0, 0, malformed("status line %.40q", l)
	}
	return int(l[7] - '0'), status, nil
}

// errHTTP2 is the error for a server that speaks HTTP/2 before it gets a request.
var errHTTP2 = malformed("the server speaks HTTP/2 only, and was asked in HTTP/1.1")

// StartsHTTP2 reports whether a connection's first bytes come from an HTTP/2 server: the head of a
// SETTINGS frame (RFC 9113, 3.4 and 4.1), whose length has three bytes, the first of them 0.
func StartsHTTP2(b []byte) bool {
	return len(b) >= 9 && b[0] == 0 && string(b[3:9]) == "\x04\x00\x00\x00\x00\x00"
}

// framing is what a response's header says about its body and connection.
type framing struct {
	length    int64 // Content-Length, -1 if absent
	chunked   bool
	close     bool
	keepAlive bool
	events    bool // the type is text/event-stream; read for a Sink alone
	ranged    bool // span is known; likewise
	span      ContentRange
}

const (
	contentType  = "content-type"
	contentRange = "content-range"
)

// matters reports whether a field concerns framing. Most fields fail at the first letter.
func matters(name []byte) bool {
	switch name[0] | 0x20 {
	case 'c':
		return is(name, "content-length") || is(name, "connection")
	case 't':
		return is(name, "transfer-encoding")
	}
	return false
}

// field handles a field that matters.
func (f *framing) field(line []byte) error {
	colon := bytes.IndexByte(line, ':')
	value := trim(line[colon+1:])
	switch colon { // the names differ in length
	case len(contentType):
		media, _, _ := bytes.Cut(value, []byte{';'})
		f.events = bytes.EqualFold(trimRight(media), []byte("text/event-stream"))
	case len(contentRange):
		span, ok := parseRange(value)
		if !ok || f.ranged && f.span != span {
			return malformed("Content-Range %.60q", value)
		}
		f.span, f.ranged = span, true
	case len("connection"):
		f.connection(value)
	case len("content-length"):
		n, ok := decimal(value)
		if !ok || (f.length >= 0 && f.length != n) {
			return malformed("Content-Length %.40q", value)
		}
		f.length = n
	case len("transfer-encoding"):
		if f.chunked || !is(value, "chunked") {
			return malformed("Transfer-Encoding %.40q: only chunked is understood", value)
		}
		f.chunked = true
	}
	return nil
}

func (f *framing) connection(options []byte) {
	for option := range bytes.SplitSeq(options, []byte{','}) {
		option = trim(option)
		f.close = f.close || is(option, "close")
		f.keepAlive = f.keepAlive || is(option, "keep-alive")
	}
}

// ContentRange says which part of a file a body is.
type ContentRange struct{ First, Last, Total int64 } // bytes, both included; Total is -1 if unknown

// parseRange reads "bytes 0-9/100" (RFC 9110, 14.4). What was not satisfied, "bytes */100", is the
// range from 0 to -1.
func parseRange(value []byte) (r ContentRange, ok bool) {
	kind, rest, _ := bytes.Cut(value, []byte{' '})
	span, total, found := bytes.Cut(rest, []byte{'/'})
	if !is(kind, "bytes") || !found {
		return r, false
	}
	r.Total = -1
	if string(total) != "*" {
		if r.Total, ok = decimal(total); !ok {
			return r, false
		}
	}
	if string(span) == "*" {
		r.Last = -1
		return r, r.Total >= 0
	}
	first, last, _ := bytes.Cut(span, []byte{'-'})
	var okFirst, okLast bool
	r.First, okFirst = decimal(first)
	r.Last, okLast = decimal(last)
	return r, okFirst && okLast && r.First <= r.Last && (r.Total < 0 || r.Last < r.Total)
}

// parseChunkSize reads "1f;extension" (RFC 9112, 7.1).
func parseChunkSize(l []byte) (int64, error) {
	digits := l
	if semi := bytes.IndexByte(l, ';'); semi >= 0 {
		digits = trimRight(l[:semi])
	}
	n, ok := hexadecimal(digits)
	if !ok || forbidden(l) {
		return 0, malformed("chunk size line %.40q", l)
	}
	return n, nil
}

// forbidden reports control characters, which no field value or reason may contain (RFC 9110, 5.5;
// RFC 9112, 4). Its loop over some 150 bytes costs 0.1 µs a response.
func forbidden(b []byte) bool {
	for _, c := range b {
		if (c < ' ' && c != '\t') || c == 0x7f {
			return true
		}
	}
	return false
}

// tokens is the set of bytes allowed in a field name (RFC 9110, 5.6.2).
var tokens = func() (set [256]bool) {
	for c := 'a'; c <= 'z'; c++ {
		set[c], set[c-0x20] = true, true
	}
	for _, c := range "0123456789!#$%&'*+-.^_`|~" {
		set[c] = true
	}
	return set
}()

func token(b []byte) bool {
	for _, c := range b {
		if !tokens[c] {
			return false
		}
	}
	return len(b) > 0
}

// is compares without regard to case. lower must be in lower case, without bytes that differ from
// others by 0x20 alone and are not letters (the names compared here have only '-', and 0x0d is no
// token).
func is(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c|0x20 != lower[i] {
			return false
		}
	}
	return true
}

func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return trimRight(b)
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// decimal parses digits alone: no sign, no space, no more than an int64 holds.
func decimal(b []byte) (n int64, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' || n > (math.MaxInt64-9)/10 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(b) > 0
}

func hexadecimal(b []byte) (n int64, ok bool) {
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		if n > math.MaxInt64>>4 {
			return 0, false
		}
		n = n<<4 | int64(c)
	}
	return n, len(b) > 0
}
