package http1

import "strconv"

// AppendRequest appends a whole keep-alive HTTP/1.1 request to dst. host and target are as they go over the wire:
// "127.0.0.1:3000" and "/wait?ms=50". A nil body sends neither Content-Type nor Content-Length with a GET or HEAD, and
// Content-Length: 0 with other methods, which servers expect (RFC 9110, section 8.6). Content-Type is left out when "".
//
// The strings are not checked: they must come from a parsed URL or from the program itself, never raw from a user.
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
