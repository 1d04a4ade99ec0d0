package http1

import (
	"bytes"
	"strconv"
)

// Request is one parsed request. All slices point into the parsed buffer, and are valid until it is
// written to.
type Request struct {
	Method []byte // as sent: methods are case-sensitive (RFC 9110, section 9.1)
	Target []byte // as sent: a path with its query, an http URL, or *
	Path   []byte // Path is the target's path, escapes not decoded; / for a URL without one.
	Query  []byte // Query is what follows the target's first question mark, escapes not decoded.
	Minor  int    // 0 or 1, of HTTP/1.Minor
	Fields []Field
	Body   []byte // complete, without chunked coding; empty if there is none
	Close  bool   // the connection must end after the response
	Head   bool   // the method is HEAD: the response has no body
}

// Header returns the value of the first field with the name, in any case, or nil if there is none.
func (r *Request) Header(name string) []byte {
	for i := range r.Fields {
		if f := &r.Fields[i]; len(f.Name) == len(name) && sameName(f.Name, name) {
			return f.Value
		}
	}
	return nil
}

func sameName(a []byte, b string) bool {
	for i := range a {
		if a[i] != b[i] && (a[i]|0x20 != b[i]|0x20 || a[i]|0x20 < 'a' || a[i]|0x20 > 'z') {
			return false
		}
	}
	return true
}

// QueryValue returns the value of the first key with the name in the query, ms in "ms=50&id=7".
// Neither key nor value is decoded. A key without = has an empty value.
func (r *Request) QueryValue(name string) (value []byte, ok bool) {
	for rest := r.Query; len(rest) > 0; {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, ampersand)
		if len(pair) < len(name) || string(pair[:len(name)]) != name {
			continue
		}
		if pair = pair[len(name):]; len(pair) == 0 {
			return pair, true
		}
		if pair[0] == '=' {
			return pair[1:], true
		}
	}
	return nil, false
}

var ampersand = []byte{'&'}

// AppendRequest appends a complete keep-alive HTTP/1.1 request to dst. host and target are in wire
// form: "127.0.0.1:3000" and "/wait?ms=50". A nil body sends neither Content-Type nor
// Content-Length with a GET or HEAD, and Content-Length: 0 with other methods, as servers expect
// (RFC 9110, section 8.6). An empty contentType sends no Content-Type.
//
// The strings are not checked: they must come from a parsed URL or from the program itself, never
// raw from a user.
func AppendRequest(dst []byte, method, host, target, contentType string, body []byte) []byte {
	dst = append(dst, method...)
	dst = append(dst, ' ')
	dst = append(dst, target...)
	dst = append(dst, " HTTP/1.1\r\nHost: "...)
	dst = append(dst, host...)
	dst = append(dst, "\r\n"...)
	if body != nil || method != "GET" && method != "HEAD" {
		if body != nil && contentType != "" {
			dst = append(dst, "Content-Type: "...)
			dst = append(dst, contentType...)
			dst = append(dst, "\r\n"...)
		}
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, int64(len(body)), 10)
		dst = append(dst, "\r\n"...)
	}
	dst = append(dst, "\r\n"...)
	return append(dst, body...)
}
