package http1

import (
	"strconv"
	"sync/atomic"
	"time"
)

// Response is a server's answer.
type Response struct {
	Status      int    // 200 to 599, never 1xx: Continue is written separately
	ContentType string // "" is sent as application/octet-stream if there is a body
	Allow       string // the Allow field, which a 405 needs (RFC 9110, section 15.5.6); "" for none
	Fields      string // whole further lines of the header, each with its CRLF; "" for none
	Body        []byte
	// Part is what the answer has of a representation, or could have. With a status of 200 or 206
	// the part takes the place of Body: the caller sends it behind the head.
	Part Part
}

// length is the number of the body's bytes.
func (r *Response) length() int64 {
	if r.Part.Size > 0 && r.Status < 300 {
		return r.Part.Length
	}
	return int64(len(r.Body))
}

// AppendResponse appends the complete response to dst: the status line, Date, Content-Type,
// Content-Length, Connection if it differs from the version's default, and the body. unix is the
// Date in seconds. head says that the request was a HEAD: the length is sent, the body is not.
// close says that the connection ends after the response. minor is that of the request's version,
// HTTP/1.minor; the response is always HTTP/1.1 (RFC 9110, section 6.2).
//
// The strings are not checked for CR and LF: they must be the program's own or come from a parser
// of this package.
func AppendResponse(dst []byte, r *Response, unix int64, head, close bool, minor int) []byte {
	dst = appendHead(dst, r, r.length(), unix, close, minor)
	if head || bodiless(r.Status) {
		return dst
	}
	return append(dst, r.Body...)
}

// bodiless statuses never have a body (RFC 9110, sections 15.3.5 and 15.4.5), and AppendResponse
// sends no length with them.
func bodiless(status int) bool { return status == 204 || status == 304 }

func appendHead(dst []byte, r *Response, length int64, unix int64, close bool, minor int) []byte {
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
	dst = append(dst, r.Fields...)
	if r.Part.Size > 0 {
		dst = r.Part.append(dst, r.Status)
	}
	if sized {
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, length, 10)
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

// append appends the fields that say which part of what a response has (RFC 9110, sections 14.3 and
// 14.4).
func (p *Part) append(dst []byte, status int) []byte {
	if status <= 304 {
		dst = append(dst, "ETag: "...)
		dst = append(dst, p.ETag...)
		dst = append(dst, "\r\n"...)
	}
	if status <= 206 {
		dst = append(dst, "Accept-Ranges: bytes\r\n"...)
	}
	switch status {
	case 206:
		dst = append(dst, "Content-Range: bytes "...)
		dst = strconv.AppendInt(dst, p.First, 10)
		dst = append(dst, '-')
		dst = strconv.AppendInt(dst, p.First+p.Length-1, 10)
	case 416:
		dst = append(dst, "Content-Range: bytes *"...)
	default:
		return dst
	}
	dst = append(dst, '/')
	dst = strconv.AppendInt(dst, p.Size, 10)
	return append(dst, "\r\n"...)
}

// AppendOpenHead appends the head of a response whose body ends with the connection (RFC 9112,
// section 6.3) and is not for a cache. unix is as AppendResponse has it.
func AppendOpenHead(dst []byte, contentType string, unix int64) []byte {
	dst = appendStatusLine(dst, 200)
	dst = append(dst, dateField(unix)...)
	dst = append(dst, "Content-Type: "...)
	dst = append(dst, contentType...)
	return append(dst, "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"...)
}

// AppendError appends the answer to a rejected request: e's status, its reason in plain text, and
// Connection: close for any version, since the request's version cannot be trusted. head says that
// the request was a HEAD: the length is sent, the reason is not (RFC 9110, section 9.3.2).
func AppendError(dst []byte, e *Error, unix int64, head bool) []byte {
	r := Response{Status: e.Status, ContentType: "text/plain; charset=utf-8"}
	dst = appendHead(dst, &r, int64(len(e.Reason)+len("\n")), unix, true, 1)
	if head {
		return dst
	}
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

// imfFixdate is the only form of Date to send (RFC 9110, section 5.6.7).
const imfFixdate = "Mon, 02 Jan 2006 15:04:05 GMT"

type dateLine struct {
	unix int64
	text string // "Date: " to CRLF
}

// lastDate is shared by all threads. They write it about once a second, and any of them may win.
var lastDate atomic.Pointer[dateLine]

// dateField returns the complete Date line for a time in Unix seconds.
func dateField(unix int64) string {
	if d := lastDate.Load(); d != nil && d.unix == unix {
		return d.text
	}
	d := &dateLine{unix, "Date: " + time.Unix(unix, 0).UTC().Format(imfFixdate) + "\r\n"}
	lastDate.Store(d)
	return d.text
}

// StatusText returns the reason phrase of a status code, or "" if it has none.
func StatusText(code int) string {
	if code < 0 || code >= len(statusTexts) {
		return ""
	}
	return statusTexts[code]
}

// statusTexts is IANA's HTTP Status Code Registry, as an array, because each response looks one up.
var statusTexts = [...]string{
	100: "Continue",
	101: "Switching Protocols",
	102: "Processing",
	103: "Early Hints",
	200: "OK",
	201: "Created",
	202: "Accepted",
	203: "Non-Authoritative Information",
	204: "No Content",
	205: "Reset Content",
	206: "Partial Content",
	207: "Multi-Status",
	208: "Already Reported",
	226: "IM Used",
	300: "Multiple Choices",
	301: "Moved Permanently",
	302: "Found",
	303: "See Other",
	304: "Not Modified",
	305: "Use Proxy",
	307: "Temporary Redirect",
	308: "Permanent Redirect",
	400: "Bad Request",
	401: "Unauthorized",
	402: "Payment Required",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	406: "Not Acceptable",
	407: "Proxy Authentication Required",
	408: "Request Timeout",
	409: "Conflict",
	410: "Gone",
	411: "Length Required",
	412: "Precondition Failed",
	413: "Content Too Large",
	414: "URI Too Long",
	415: "Unsupported Media Type",
	416: "Range Not Satisfiable",
	417: "Expectation Failed",
	421: "Misdirected Request",
	422: "Unprocessable Content",
	423: "Locked",
	424: "Failed Dependency",
	425: "Too Early",
	426: "Upgrade Required",
	428: "Precondition Required",
	429: "Too Many Requests",
	431: "Request Header Fields Too Large",
	451: "Unavailable For Legal Reasons",
	500: "Internal Server Error",
	501: "Not Implemented",
	502: "Bad Gateway",
	503: "Service Unavailable",
	504: "Gateway Timeout",
	505: "HTTP Version Not Supported",
	506: "Variant Also Negotiates",
	507: "Insufficient Storage",
	508: "Loop Detected",
	511: "Network Authentication Required",
}
