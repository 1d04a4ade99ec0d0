// Package http1 parses and writes HTTP/1.1 messages without doing any I/O: the caller reads and writes, this package
// looks at the bytes. It is strict: what RFC 9112 calls malformed, or what two parsers could read in two ways, is refused
// and never guessed at. An ordinary keep-alive exchange allocates nothing.
//
// Both parsers take a message line by line. A line is judged once its LF has arrived, so a verdict depends on the bytes
// alone and not on how the network cut them.
package http1

// Limits bound what one message may take. A zero field stands for that field of DefaultLimits.
type Limits struct {
	RequestLine int // bytes of the request line, without its CRLF; more: 414
	HeaderBytes int // bytes of all field lines and of the empty line that ends them; the same again for trailers; more: 431
	HeaderCount int // field lines; the same again for trailers; more: 431
	Body        int // bytes of the body once any chunked coding is removed; more: 413
}

// DefaultLimits hold where a parser is given none.
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
