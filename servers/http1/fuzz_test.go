package http1_test

import (
	"testing"

	"nodecompare/servers/http1"
)

// FuzzRequest wants a stream to mean the same however it is cut, under wide limits and tight ones,
// and the bytes that a parser may ask for to be bounded.
func FuzzRequest(f *testing.F) {
	for _, c := range accepted {
		f.Add([]byte(c.message), uint16(20), uint16(50))
	}
	for _, c := range refused {
		f.Add([]byte(c.message), uint16(10), uint16(12))
	}
	for _, message := range odd {
		f.Add([]byte(message), uint16(30), uint16(31))
	}
	f.Fuzz(func(t *testing.T, data []byte, a, b uint16) {
		for _, limits := range []http1.Limits{{}, tight} {
			sameInPieces(t, string(data), a, b, func(pieces []string) string { return feedRequests(t, limits, pieces) })
		}
		wantBounded(t, data)
	})
}

// FuzzResponse wants the same of responses.
func FuzzResponse(f *testing.F) {
	for _, c := range responses {
		f.Add([]byte(c.message), uint16(20), uint16(50), c.head)
	}
	f.Fuzz(func(t *testing.T, data []byte, a, b uint16, head bool) {
		for _, maxBody := range []int{0, 10} {
			sameInPieces(t, string(data), a, b, func(pieces []string) string {
				return feedResponses(t, maxBody, head, pieces)
			})
		}
	})
}

func sameInPieces(t *testing.T, data string, a, b uint16, feed func(pieces []string) string) {
	if len(data) == 0 {
		return
	}
	whole := feed([]string{data})
	from, to := int(a)%len(data), int(b)%len(data)
	if got := feed(cut(data, min(from, to), max(from, to))); got != whole {
		t.Errorf("%q cut at %d and %d:\ngot   %s\nwhole %s", data, from, to, got, whole)
	}
	if len(data) < 400 {
		if got := feed(bytewise(data)); got != whole {
			t.Errorf("%q byte by byte:\ngot   %s\nwhole %s", data, got, whole)
		}
	}
}

// wantBounded checks that a request which is not whole by the sum of its limits is refused. With
// framing allowed as many bytes as data (RFC 9112, section 7.1.1 asks for a limit), a chunked body
// takes at most twice its limit.
func wantBounded(t *testing.T, data []byte) {
	const emptyLines, lastChunkLine = 8, 256
	head := emptyLines + tight.RequestLine + len("\r\n") + tight.HeaderBytes
	most := head + 2*tight.Body + tight.HeaderBytes + lastChunkLine + tight.HeaderBytes
	p := http1.RequestParser{Limits: tight}
	if n, err := p.Parse(data); n == 0 && err == nil && len(data) > most {
		t.Errorf("asks for more than %d bytes: has %d, limits %+v: %q", most, len(data), tight, data)
	}
}

// odd are seeds beside the tables': things that parsers have been seen to disagree on, whatever we
// make of them.
var odd = []string{
	"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n1\r\nx\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: " +
		"Content-Length\r\n\r\n0\r\nContent-Length: 9\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a=\"\r\n\"\r\nx\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: y\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\n",
	"GET http://a%41/ HTTP/1.1\r\nHost: b\r\n\r\n",
	"GET http://[::1]:1/?http://x HTTP/1.0\r\nHost: [fe80::1%25a]\r\n\r\n",
	"GET //a/b?c//d HTTP/1.1\r\nHost: a\r\nConnection: close, keep-alive\r\n\r\n",
	"GET /%00?%zz HTTP/1.1\r\nHost: a\r\nPragma: no-cache\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;=\r\nx\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1 ;a\r\nx\r\n0\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nA: b\x01\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n",
	"0 / HTTP/1.1\r\n\r\nhOST:",                       // found: a Host in the body
	"0 / HTTP/1.0\r\nTrAnsfer-EnCoding:000 000\r\n\n", // found: net/http does not even look at it
	"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
}
