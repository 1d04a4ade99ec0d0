// Package http1 parses and writes HTTP/1.1 messages without I/O: the caller reads and writes. The
// package is strict: it rejects what RFC 9112 calls malformed and what two parsers could read in
// two ways. An ordinary keep-alive exchange allocates nothing.
//
// Both parsers read a message line by line. They judge a line once its LF has arrived, so the
// verdict depends on the bytes alone and not on how the network cut them.
package http1

import (
	"strconv"
)

// Limits bound the size of one message. A zero field stands for that field of DefaultLimits.
type Limits struct {
	RequestLine int // bytes of the request line without CRLF; more: 414
	// HeaderBytes bounds all field lines and the empty line that ends them, and separately the
	// trailers; more: 431.
	HeaderBytes int
	HeaderCount int // field lines, and separately trailers; more: 431
	Body        int // bytes of the body without chunked coding; more: 413
}

// DefaultLimits apply where a parser has none.
var DefaultLimits = Limits{RequestLine: 8 << 10, HeaderBytes: 16 << 10, HeaderCount: 100, Body: 1 << 20}

func (l *Limits) setDefaults() {
	if l.RequestLine == 0 {
		l.RequestLine = DefaultLimits.RequestLine
	}
	if l.HeaderBytes == 0 {
		l.HeaderBytes = DefaultLimits.HeaderBytes
	}
	if l.HeaderCount == 0 {
		l.HeaderCount = DefaultLimits.HeaderCount
	}
	if l.Body == 0 {
		l.Body = DefaultLimits.Body
	}
}

// Error says why a message was rejected. Nothing after it on the connection can be trusted: answer
// with AppendError and close.
type Error struct {
	// Status is what a server answers: 400, 413, 414, 431, 501 or 505; 502 for a rejected response.
	Status int
	// Reason is one sentence for people, with the deciding section of RFC 9110 or 9112.
	Reason string
}

func (e *Error) Error() string {
	return "http1: " + strconv.Itoa(e.Status) + " " + StatusText(e.Status) + ": " + e.Reason
}

// Reasons to reject a message. They are values, so that rejecting a flood of bad requests allocates
// nothing.
var (
	errBareLF     = &Error{400, "a line ends in LF without CR: end each line with CRLF (RFC 9112, section 2.2)"}
	errEmptyLines = &Error{400, "too many empty lines before the request line (RFC 9112, section 2.2)"}

	errMethod        = &Error{400, "the request line does not start with a method and a space (RFC 9112, section 3)"}
	errMethodConnect = &Error{501,
		"CONNECT is not served: this is an origin server, not a proxy (RFC 9110, section 9.3.6)"}
	errVersion = &Error{400,
		"the request line does not end in a space and HTTP/1.0 or HTTP/1.1 (RFC 9112, section 3)"}
	errVersionUnserved = &Error{505, "only HTTP/1.0 and HTTP/1.1 are served (RFC 9110, section 15.6.6)"}
	errTarget          = &Error{400, "the request target has a space, a fragment, a broken %-escape or a " +
		"byte that must be escaped (RFC 9112, section 3.2)"}
	errTargetForm = &Error{400,
		"the request target must be a path, an http URL, or * for OPTIONS (RFC 9112, section 3.2)"}
	errRequestLineLong = &Error{414, "the request line is too long (RFC 9112, section 3)"}

	errFieldName = &Error{400,
		"a header line does not start with a name and a colon, with no space before either (RFC 9112, section 5.1)"}
	errFieldFold = &Error{400,
		"a header line starts with a space or a tab: folding is obsolete, use one line (RFC 9112, section 5.2)"}
	errFieldValue  = &Error{400, "a header value has a control character (RFC 9110, section 5.5)"}
	errHeaderBytes = &Error{431, "the header is too large (RFC 6585, section 5)"}
	errHeaderCount = &Error{431, "the header has too many fields (RFC 6585, section 5)"}

	errHostMissing = &Error{400, "an HTTP/1.1 request needs a Host field (RFC 9112, section 3.2)"}
	errHostTwice   = &Error{400, "more than one Host field (RFC 9112, section 3.2)"}
	errHost        = &Error{400, "the host is not a name or address with an optional port (RFC 9110, section 7.2)"}

	errLength      = &Error{400, "Content-Length is not one decimal number (RFC 9110, section 8.6)"}
	errLengthTwice = &Error{400,
		"more than one Content-Length: send one, even if they agree (RFC 9112, section 6.3)"}
	errLengthAndCoding = &Error{400,
		"both Content-Length and Transfer-Encoding: send one of them (RFC 9112, section 6.1)"}
	errCoding = &Error{400,
		"Transfer-Encoding is not a list of codings, or gives chunked a parameter (RFC 9112, sections 6.1 and 7.1)"}
	errCodingOrder = &Error{400,
		"chunked must be the last transfer coding, and be there once (RFC 9112, sections 6.1 and 6.3)"}
	errCodingVersion = &Error{400, "Transfer-Encoding does not belong in HTTP/1.0 (RFC 9112, section 6.1)"}
	errCodingUnknown = &Error{501, "chunked is the only transfer coding served (RFC 9112, section 6.1)"}

	errChunkSize = &Error{400,
		"a chunk does not start with its size in 1 to 16 hexadecimal digits (RFC 9112, section 7.1)"}
	errChunkExt      = &Error{400, "a chunk extension is malformed (RFC 9112, section 7.1.1)"}
	errChunkLine     = &Error{400, "a chunk's size line is too long (RFC 9112, section 7.1.1)"}
	errChunkEnd      = &Error{400, "a chunk's data is not followed by CRLF (RFC 9112, section 7.1)"}
	errChunkOverhead = &Error{413, "the chunks carry more framing than data (RFC 9112, section 7.1.1)"}
	errBody          = &Error{413, "the body is too large (RFC 9110, section 15.5.14)"}

	errStatusLine = &Error{502,
		"the response does not start with HTTP/1.0 or HTTP/1.1 and a three-digit status (RFC 9112, section 4)"}
	errStatusLineLong = &Error{502, "the status line is too long (RFC 9112, section 4)"}
	errSwitching      = &Error{502,
		"the response switches protocols, which was not asked for (RFC 9110, section 15.2.2)"}
	errInterim = &Error{502, "too many 1xx responses before the final one (RFC 9110, section 15.2)"}
)
