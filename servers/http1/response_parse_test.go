package http1_test

import (
	"io"
	"strings"
	"testing"

	"nodecompare/servers/http1"
)

// responses are streams that end with their last byte, with what must be seen of them in
// feedResponses' words.
var responses = []struct {
	name, message string
	maxBody       int
	head          bool
	want          string
}{
	{"small", smallResponse, 0, false,
		`151 bytes: 200 "text/html; charset=utf-8" close false body "Hello from Mango Engineers Backend!"
0 bytes left
`},
	{"two in a row", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 204 \r\n\r\n", 0, false,
		`47 bytes: 404 "" close false body "no"
17 bytes: 204 "" close false body ""
0 bytes left
`},
	{"chunked with trailers", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: " +
		"a/b\r\nContent-Type: c/d\r\n\r\n2;x\r\nok\r\n0\r\nA: b\r\n\r\n", 0, false,
		`105 bytes: 200 "a/b" close false body "ok"
0 bytes left
`},
	{"to the end of the connection", "HTTP/1.1 200\r\n\r\nok", 0, false, `18 bytes: 200 "" close true body "ok"
0 bytes left
`},
	{"nothing to the end of the connection", "HTTP/1.1 200 OK\r\n\r\n", 0, false, `19 bytes: 200 "" close true body ""
0 bytes left
`},
	{"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 0, true, `38 bytes: 200 "" close false body ""
0 bytes left
`},
	{"304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 0, false,
		`48 bytes: 304 "" close false body ""
0 bytes left
`},
	{"interim responses", http1.Continue + "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Type: " +
		"x/y\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, false,
		`143 bytes: 200 "" close false body "ok"
0 bytes left
`},
	{"HTTP/1.0 closes", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, false,
		`40 bytes: 200 "" close true body "ok"
0 bytes left
`},
	{"HTTP/1.0 kept", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", 0, false,
		`64 bytes: 200 "" close false body "ok"
0 bytes left
`},
	{"close", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", 0, false,
		`59 bytes: 200 "" close true body "ok"
0 bytes left
`},
	{"at the limit of the body", "HTTP/1.1 200 OK\r\n\r\nok", 2, false, `21 bytes: 200 "" close true body "ok"
0 bytes left
`},

	{"cut off in the status line", "HTTP/1.1 2", 0, false, "refused: unexpected EOF\n"},
	{"cut off in the header", "HTTP/1.1 200 OK\r\nA: b", 0, false, "refused: unexpected EOF\n"},
	{"cut off in the body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", 0, false, "refused: unexpected EOF\n"},
	{"cut off in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok", 0, false,
		"refused: unexpected EOF\n"},
	{"cut off before the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", 0,
		false, "refused: unexpected EOF\n"},
	{"cut off behind an interim response", http1.Continue, 0, false, "refused: unexpected EOF\n"},

	{"not HTTP", "SSH-2.0-OpenSSH_9.6\r\n", 0, false,
		refusal("does not start with HTTP/1.0 or HTTP/1.1 and a three-digit status (RFC 9112, section 4)")},
	{"HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", 0, false,
		refusal("does not start with HTTP/1.0 or HTTP/1.1 and a three-digit status (RFC 9112, section 4)")},
	{"status of two digits", "HTTP/1.1 20 OK\r\n\r\n", 0, false,
		refusal("does not start with HTTP/1.0 or HTTP/1.1 and a three-digit status (RFC 9112, section 4)")},
	{"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", 0, false,
		refusal("does not start with HTTP/1.0 or HTTP/1.1 and a three-digit status (RFC 9112, section 4)")},
	{"status with a letter", "HTTP/1.1 2o0 OK\r\n\r\n", 0, false,
		refusal("does not start with HTTP/1.0 or HTTP/1.1 and a three-digit status (RFC 9112, section 4)")},
	{"status below 100", "HTTP/1.1 099 OK\r\n\r\n", 0, false,
		refusal("does not start with HTTP/1.0 or HTTP/1.1 and a three-digit status (RFC 9112, section 4)")},
	{"control byte in the reason", "HTTP/1.1 200 O\x00K\r\n\r\n", 0, false,
		refusal("does not start with HTTP/1.0 or HTTP/1.1 and a three-digit status (RFC 9112, section 4)")},
	{"status line without an end", "HTTP/1.1 200 " + strings.Repeat("a", 9000), 0, false,
		"refused: http1: 502 Bad Gateway: the status line is too long (RFC 9112, section 4)\n"},
	{"101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", 0, false,
		refusal("switches protocols, which was not asked for (RFC 9110, section 15.2.2)")},
	{"endless interim responses", strings.Repeat(http1.Continue, 9) + smallResponse, 0, false,
		"refused: http1: 502 Bad Gateway: too many 1xx responses before the final one (RFC 9110, section 15.2)\n"},
	{"bare LF", "HTTP/1.1 200 OK\n\n", 0, false, "refused: http1: 502 Bad Gateway: a line ends in LF " +
		"without CR: end each line with CRLF (RFC 9112, section 2.2)\n"},
	{"space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok", 0, false,
		"refused: http1: 502 Bad Gateway: a header line does not start with a name and a colon, with no " +
			"space before either (RFC 9112, section 5.1)\n"},
	{"length and coding", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", 0,
		false, "refused: http1: 502 Bad Gateway: both Content-Length and Transfer-Encoding: send one of " +
			"them (RFC 9112, section 6.1)\n"},
	{"coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0, false,
		"refused: http1: 502 Bad Gateway: Transfer-Encoding does not belong in HTTP/1.0 (RFC 9112, section 6.1)\n"},
	{"unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 0, false,
		"refused: http1: 502 Bad Gateway: chunked is the only transfer coding served (RFC 9112, section 6.1)\n"},
	{"length over the limit", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", 2, false,
		"refused: http1: 502 Bad Gateway: the body is too large (RFC 9110, section 15.5.14)\n"},
	{"chunks over the limit", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n", 2, false,
		"refused: http1: 502 Bad Gateway: the body is too large (RFC 9110, section 15.5.14)\n"},
	{"endless over the limit", "HTTP/1.1 200 OK\r\n\r\nabc", 2, false,
		"refused: http1: 502 Bad Gateway: the body is too large (RFC 9110, section 15.5.14)\n"},
}

func refusal(reason string) string {
	return "refused: http1: 502 Bad Gateway: the response " + reason + "\n"
}

func TestResponses(t *testing.T) {
	for _, c := range responses {
		t.Run(c.name, func(t *testing.T) {
			if got := feedResponses(t, c.maxBody, c.head, []string{c.message}); got != c.want {
				t.Errorf("%q:\ngot  %s\nwant %s", c.message, got, c.want)
			}
		})
	}
}

func TestEndBeforeAnyByte(t *testing.T) {
	var p http1.ResponseParser
	if n, err := p.Parse(nil, false); n != 0 || err != nil {
		t.Errorf("no bytes yet: %d, %v", n, err)
	}
	if n, err := p.Parse(nil, true); n != 0 || err != io.ErrUnexpectedEOF {
		t.Errorf("no bytes at all: %d, %v; want io.ErrUnexpectedEOF", n, err)
	}
}
