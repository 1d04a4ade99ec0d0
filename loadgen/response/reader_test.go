package response

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

func newReader(in string) *Reader { return readFrom(strings.NewReader(in)) }

func readFrom(in io.Reader) *Reader { return NewReader(in, 1<<20, nil) }

// inPieces runs a test with the input as it comes at once and byte by byte.
func inPieces(t *testing.T, in string, f func(t *testing.T, r *Reader)) {
	t.Run("whole", func(t *testing.T) { f(t, newReader(in)) })
	t.Run("bytes", func(t *testing.T) { f(t, readFrom(iotest.OneByteReader(strings.NewReader(in)))) })
}

func TestResponse(t *testing.T) {
	long := strings.Repeat("x", 20<<10)
	for _, c := range []struct {
		name string
		in   string
		head bool
		want Answer
	}{
		{name: "content length", in: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
			want: Answer{Status: 200, Size: 5}},
		{name: "empty body", in: "HTTP/1.1 404 Not Found\r\ncontent-LENGTH:0\r\n\r\n",
			want: Answer{Status: 404, Size: 0}},
		{name: "same length twice",
			in:   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab",
			want: Answer{Status: 200, Size: 2}},
		{name: "chunked", in: "HTTP/1.1 200 OK\r\nTransfer-Encoding: " +
			"Chunked\r\n\r\n5;a=b\r\nhello\r\na\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
			want: Answer{Status: 200, Size: 15}},
		{name: "to the end", in: "HTTP/1.1 200 OK\r\n\r\nall of it", want: Answer{Status: 200, Size: 9, Close: true}},
		{name: "no body by status", in: "HTTP/1.1 204 No Content\r\n\r\n", want: Answer{Status: 204, Size: 0}},
		{name: "not modified with length", in: "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
			want: Answer{Status: 304, Size: 0}},
		{name: "head", in: "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", head: true,
			want: Answer{Status: 200, Size: 0}},
		{name: "interim", in: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: " +
			"x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", want: Answer{Status: 200, Size: 1}},
		{name: "close", in: "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 1\r\n\r\nx",
			want: Answer{Status: 200, Size: 1, Close: true}},
		{name: "1.0", in: "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
			want: Answer{Status: 200, Size: 1, Close: true}},
		{name: "1.0 keep-alive",
			in:   "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
			want: Answer{Status: 200, Size: 1}},
		{name: "bare LF", in: "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", want: Answer{Status: 200, Size: 1}},
		{name: "folded line", in: "HTTP/1.1 200 OK\r\nX-A: a\r\n\tb\r\nContent-Length: 5\r\n\r\nhello",
			want: Answer{Status: 200, Size: 5}},
		{name: "folded fields that matter",
			in:   "HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\nConnection: x,\r\n\t \r\n close\r\n\r\nhello",
			want: Answer{Status: 200, Size: 5, Close: true}},
		{name: "folded trailer", in: "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n " +
			"chunked\r\n\r\n1\r\nx\r\n0\r\nT: a\r\n b\r\nContent-Length: 9\r\n\r\n",
			want: Answer{Status: 200, Size: 1}},
		{name: "nearly the longest head", in: "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20-50) +
			"\r\nContent-Length: 1\r\n\r\nx", want: Answer{Status: 200, Size: 1}},
		{name: "line over the buffer", in: "HTTP/1.1 200 OK\r\nX: " + long +
			"\r\nContent-Length: 1\r\n\r\nx", want: Answer{Status: 200, Size: 1}},
		{name: "body over the buffer", in: "HTTP/1.1 200 OK\r\nContent-Length: 20480\r\n\r\n" + long,
			want: Answer{Status: 200, Size: 20480}},
	} {
		t.Run(c.name, func(t *testing.T) {
			// A second response right behind it: the first must have been read to its end and no
			// further.
			const second = "HTTP/1.1 299 Second\r\nContent-Length: 0\r\n\r\n"
			if !c.want.Close {
				c.in += second
			}
			inPieces(t, c.in, func(t *testing.T, r *Reader) {
				got, err := r.Next(c.head)
				if err != nil || got != c.want {
					t.Fatalf("got %+v, %v; want %+v", got, err, c.want)
				}
				if c.want.Close {
					return
				}
				if got, err := r.Next(false); err != nil || got.Status != 299 {
					t.Errorf("the response behind it: %+v, %v", got, err)
				}
			})
		})
	}
}

// The buffer's end may fall anywhere in a long line, between CR and LF too.
func TestLineAtBufferEnd(t *testing.T) {
	for n := 4000; n < 4200; n++ {
		in := "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", n) + "\r\nContent-Length: 0\r\n\r\n"
		if _, err := newReader(in).Next(false); err != nil {
			t.Errorf("a value of %d bytes: %v", n, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for name, in := range map[string]string{
		"garbage":                "SSH-2.0-OpenSSH_9.6\r\n\r\n",
		"version":                "HTTP/2.0 200 OK\r\n\r\n",
		"status of two digits":   "HTTP/1.1 20 OK\r\n\r\n",
		"status of four digits":  "HTTP/1.1 2000 OK\r\n\r\n",
		"status under 100":       "HTTP/1.1 099 Low\r\n\r\n",
		"switching protocols":    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
		"space before the colon": ok + "Content-Length : 1\r\n\r\nx",
		"folded into nothing":    ok + " b\r\nContent-Length: 1\r\n\r\nx",
		"folded in interim": "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok +
			" b\r\nContent-Length: 1\r\n\r\nx",
		"folded length":             ok + "Content-Length: 1\r\n 2\r\n\r\nx",
		"control in a folded value": ok + "X: a\r\n b\x06\r\nContent-Length: 1\r\n\r\nx",
		"HTTP/2":                    "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x0a",
		"no colon":                  ok + "Content-Length\r\n\r\n",
		"NUL in a value":            ok + "X: a\x00b\r\nContent-Length: 1\r\n\r\nx",
		"CR in a value":             ok + "X: a\rb\r\nContent-Length: 1\r\n\r\nx",
		"two lengths":               ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
		"list of lengths":           ok + "Content-Length: 1, 1\r\n\r\nx",
		"signed length":             ok + "Content-Length: +1\r\n\r\nx",
		"length over 63 bits":       ok + "Content-Length: 9999999999999999999\r\n\r\nx",
		"length and chunked":        ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunked in 1.0":            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"another coding":            ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"chunked twice":             ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"control in a value":        ok + "X: a\x06b\r\nContent-Length: 1\r\n\r\nx",
		"chunk size with a space":   ok + "Transfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n",
		"chunk size":                ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
		"chunk size of 2^64":        ok + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
		"chunk size with bare LF":   ok + "Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
		"trailer with bare LF":      ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\r\n",
		"chunk longer than it says": ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
		"endless header":            ok + strings.Repeat("X: "+strings.Repeat("y", 9000)+"\r\n", 120) + "\r\n",
		"endless line":              ok + "X: " + strings.Repeat("y", 1<<20),
		"endless interim responses": strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 50000),
	} {
		t.Run(name, func(t *testing.T) {
			inPieces(t, in, func(t *testing.T, r *Reader) {
				a, err := r.Next(false)
				if !errors.As(err, new(*MalformedError)) {
					t.Errorf("got %+v, %v; want a MalformedError", a, err)
				}
			})
		})
	}
}

// Every response cut short at any byte is an unexpected end, but for a body that ends with the
// connection.
func TestCutShort(t *testing.T) {
	for _, in := range []string{
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: x\r\n\r\n",
	} {
		for n := range len(in) {
			if a, err := newReader(in[:n]).Next(false); err != io.ErrUnexpectedEOF {
				t.Errorf("%q: got %+v, %v; want io.ErrUnexpectedEOF", in[:n], a, err)
			}
		}
	}
}

func TestBodyLimit(t *testing.T) {
	body := strings.Repeat("x", 1000)
	for name, in := range map[string]string{
		"length": "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + body,
		"chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1F4\r\n" + body[:500] +
			"\r\n1F4\r\n" + body[:500] + "\r\n0\r\n\r\n",
		"to end": "HTTP/1.1 200 OK\r\n\r\n" + body,
	} {
		for limit, want := range map[int64]error{999: ErrBodyTooLarge, 1000: nil} {
			inPieces(t, in, func(t *testing.T, r *Reader) {
				r.parser.maxBody = limit
				if _, err := r.Next(false); err != want {
					t.Errorf("%s, limit %d: %v, want %v", name, limit, err, want)
				}
			})
		}
	}
}

// What net/http's reader forgives and ours does not, on purpose, by the reason ours gives.
var stricter = map[string]string{
	"header line": "RFC 9112, 5.1, RFC 9110, 5.5: a fold into nothing, control characters in a " +
		"value, bytes of a name",
	"status line": "RFC 9112, 4: three digits and a single space, no control characters",
	"Transfer-Encoding": "RFC 9112, 6.1 and 6.3: in HTTP/1.0, beside Content-Length, or where net/http " +
		"ignores it since there is no body",
	"Content-Length": "RFC 9110, 8.6: where net/http ignores it since there is no body, or trims more " +
		"than space and tab",
	"a bare LF after":    "RFC 9112, 7.1: in chunked coding, and in its trailer",
	"chunk size":         "RFC 9112, 7.1: over 63 bits, space after it",
	"101 Switching":      "RFC 9110, 15.2.2: nobody asked for it",
	"a header of more":   "our limit",
	"the response's bod": "our limit",
}

func FuzzResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), false)
	f.Add([]byte(
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nTrailer: x\r\n\r\nrest"), false)
	f.Add([]byte("HTTP/1.1 200 OK\r\nX: a\r\n\tb\r\nContent-Length:\r\n 5\r\n \r\n\r\nhello"), false)
	f.Add([]byte("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nall"), false)
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\nConnection: "+
		"close\r\nContent-Length: 5\r\n\r\n"), true)
	f.Fuzz(func(t *testing.T, in []byte, head bool) {
		r := newReader(string(in))
		got, err := r.Next(head)
		bytewise, bytewiseErr := readFrom(iotest.OneByteReader(bytes.NewReader(in))).Next(head)
		if (err == nil) != (bytewiseErr == nil) || (err == nil && got != bytewise) {
			t.Fatalf("read at once: %+v, %v; byte by byte: %+v, %v", got, err, bytewise, bytewiseErr)
		}
		want, wantErr := netHTTP(in, head)
		switch {
		case err == nil && wantErr != nil:
			t.Fatalf("ours reads %+v where net/http says: %v", got, wantErr)
		case err == nil && got != want.Answer:
			t.Fatalf("ours reads %+v, net/http %+v", got, want.Answer)
		case err == nil && !got.Close:
			if left, lerr := io.ReadAll(r.in); lerr != nil || len(left) != want.left {
				t.Fatalf("ours leaves %d bytes, net/http %d (%v)", len(left), want.left, lerr)
			}
		case err != nil && wantErr == nil:
			for reason := range stricter {
				if strings.Contains(err.Error(), reason) {
					return
				}
			}
			t.Fatalf("net/http reads %+v where ours says: %v", want.Answer, err)
		}
	})
}

type theirs struct {
	Answer
	left int // bytes after the response
}

// netHTTP reads a response as net/http's transport does.
func netHTTP(in []byte, head bool) (theirs, error) {
	method := http.MethodGet
	if head {
		method = http.MethodHead
	}
	br := bufio.NewReader(bytes.NewReader(in))
	for {
		resp, err := http.ReadResponse(br, &http.Request{Method: method})
		if err != nil {
			return theirs{}, err
		}
		if resp.ProtoMajor != 1 || resp.StatusCode < 100 {
			return theirs{}, errors.New("not HTTP/1.x")
		}
		if resp.StatusCode < 200 && resp.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		size, err := io.Copy(io.Discard, resp.Body)
		if err != nil {
			return theirs{}, err
		}
		left, err := io.ReadAll(br)
		return theirs{Answer{Status: resp.StatusCode, Size: size, Close: resp.Close}, len(left)}, err
	}
}
