package http1_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"nodecompare/servers/http1"
)

// cut splits data in pieces at the given offsets, which ascend.
func cut(data string, at ...int) []string {
	var pieces []string
	from := 0
	for _, to := range at {
		pieces = append(pieces, data[from:to])
		from = to
	}
	return append(pieces, data[from:])
}

func bytewise(data string) []string {
	return strings.Split(data, "")
}

// arrive gives what a reader would hold after piece came behind buf: in new memory, with the old
// overwritten, so that a parser that kept a slice of it shows.
func arrive(buf []byte, piece string) []byte {
	moved := append(append(make([]byte, 0, len(buf)+len(piece)), buf...), piece...)
	for i := range buf {
		buf[i] = 0xEE
	}
	return moved
}

// feedRequests parses a stream that arrives in pieces, as a server does, and tells what it saw:
// each request, and how it ended.
func feedRequests(t testing.TB, limits http1.Limits, pieces []string) string {
	p := http1.RequestParser{Limits: limits}
	var seen strings.Builder
	var buf []byte
	for _, piece := range pieces {
		buf = arrive(buf, piece)
		for len(buf) > 0 {
			n, err := p.Parse(buf)
			if err != nil {
				return seen.String() + describeError(t, n, err)
			}
			if n < 0 || n > len(buf) {
				t.Fatalf("Parse took %d of %d bytes", n, len(buf))
			}
			if n == 0 {
				break
			}
			describeRequest(&seen, n, &p.Request)
			buf = buf[n:]
		}
	}
	fmt.Fprintf(&seen, "%d bytes left\n", len(buf))
	return seen.String()
}

func describeRequest(w io.Writer, n int, r *http1.Request) {
	fmt.Fprintf(w, "%d bytes: %q %q path %q query %q minor %d close %t head %t\n", n, r.Method, r.Target,
		r.Path, r.Query, r.Minor, r.Close, r.Head)
	for _, f := range r.Fields {
		fmt.Fprintf(w, "  %q: %q\n", f.Name, f.Value)
	}
	fmt.Fprintf(w, "  body %q\n", r.Body)
}

// feedResponses is feedRequests for a client's side. The stream ends with its last piece.
func feedResponses(t testing.TB, maxBody int, head bool, pieces []string) string {
	p := http1.ResponseParser{MaxBody: maxBody, Head: head}
	var seen strings.Builder
	var buf []byte
	for i, piece := range append(pieces, "") {
		buf = arrive(buf, piece)
		eof := i == len(pieces)
		for len(buf) > 0 {
			n, err := p.Parse(buf, eof)
			if err != nil {
				if _, again := p.Parse(buf, eof); again != err {
					t.Fatalf("Parse fails with %v, then with %v", err, again)
				}
				return seen.String() + describeError(t, n, err)
			}
			if n < 0 || n > len(buf) {
				t.Fatalf("Parse took %d of %d bytes", n, len(buf))
			}
			if n == 0 {
				break
			}
			fmt.Fprintf(&seen, "%d bytes: %d %q close %t body %q\n", n, p.Status, p.ContentType, p.Close, p.Body)
			buf = buf[n:]
		}
	}
	fmt.Fprintf(&seen, "%d bytes left\n", len(buf))
	return seen.String()
}

func describeError(t testing.TB, n int, err error) string {
	if n != 0 {
		t.Fatalf("Parse took %d bytes and failed: %v", n, err)
	}
	var fault *http1.Error
	if !errors.As(err, &fault) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("Parse failed with neither an *Error nor an unexpected end: %v", err)
	}
	return "refused: " + err.Error() + "\n"
}
