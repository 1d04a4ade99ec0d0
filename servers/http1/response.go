package http1

import "strconv"

// Response is what a server answers.
type Response struct {
	Status      int    // 200 to 599, never 1xx: Continue is written apart
	ContentType string // as sent; "" is sent as application/octet-stream when there is a body
	Allow       string // the Allow field, which RFC 9110, section 15.5.6 wants with a 405; "" for none
	Body        []byte
}

// AppendResponse appends the whole response to dst: the status line, Date, Content-Type, Content-Length, Connection where
// it differs from the version's default, and the body. unix is the Date in seconds. head says that the request was a HEAD:
// the length is sent and the body is not. close says that the connection ends after the response, and minor is that of
// the request's version, HTTP/1.minor; the response is HTTP/1.1 in any case (RFC 9110, section 6.2).
//
// The strings are not checked for CR and LF: they are the program's own or have come through a parser of this package.
func AppendResponse(dst []byte, r *Response, unix int64, head, close bool, minor int) []byte {
	dst = appendHead(dst, r, len(r.Body), unix, close, minor)
	if head || bodiless(r.Status) {
		return dst
	}
	return append(dst, r.Body...)
}

// bodiless statuses never have a body (RFC 9110, sections 15.3.5 and 15.4.5), nor does this package send its length.
func bodiless(status int) bool { return status == 204 || status == 304 }

func appendHead(dst []byte, r *Response, length int, unix int64, close bool, minor int) []byte {
	dst = appendStatusLine(dst, r.Status)
	dst = append(dst, dateField(unix)...)
	sized := !bodiless(r.Status)
	if sized || r.ContentType != "" {
		contentType := r.ContentType
		if contentType == "" {
			contentType = "application/octet-stream"
		}
		dst = append(dst, "Content-Type: "...)
		dst = append(dst, contentType...)
		dst = append(dst, "\r\n"...)
	}
	if r.Allow != "" {
		dst = append(dst, "Allow: "...)
		dst = append(dst, r.Allow...)
		dst = append(dst, "\r\n"...)
	}
	if sized {
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, int64(length), 10)
		dst = append(dst, "\r\n"...)
	}
	switch {
	case close && minor > 0:
		dst = append(dst, "Connection: close\r\n"...)
	case !close && minor == 0:
		dst = append(dst, "Connection: keep-alive\r\n"...)
	}
	return append(dst, "\r\n"...)
}

// AppendError appends the answer to a refused request: e's status, its reason in plain text, and Connection: close.
// It is for a request whose version nobody may trust, so it says close to all of them.
func AppendError(dst []byte, e *Error, unix int64) []byte {
	r := Response{Status: e.Status, ContentType: "text/plain; charset=utf-8"}
	dst = appendHead(dst, &r, len(e.Reason)+len("\n"), unix, true, 1)
	dst = append(dst, e.Reason...)
	return append(dst, '\n')
}

func appendStatusLine(dst []byte, status int) []byte {
	if status == 200 {
		return append(dst, "HTTP/1.1 200 OK\r\n"...)
	}
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(dst, ' ')
	dst = append(dst, StatusText(status)...)
	return append(dst, "\r\n"...)
}
