package http1_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"nodecompare/servers/http1"
)

const (
	unix = 784111777
	date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
)

func TestAppendResponse(t *testing.T) {
	text := http1.Response{Status: 200, ContentType: "text/plain", Body: []byte("ok")}
	for _, c := range []struct {
		name        string
		response    http1.Response
		head, close bool
		minor       int
		want        string
	}{
		{"kept in 1.1", text, false, false, 1, "HTTP/1.1 200 OK\r\n" + date +
			"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"},
		{"closed in 1.1", text, false, true, 1, "HTTP/1.1 200 OK\r\n" + date +
			"Content-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"},
		{"kept in 1.0", text, false, false, 0, "HTTP/1.1 200 OK\r\n" + date +
			"Content-Type: text/plain\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"},
		{"closed in 1.0", text, false, true, 0, "HTTP/1.1 200 OK\r\n" + date +
			"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"},
		{"HEAD", text, true, false, 1, "HTTP/1.1 200 OK\r\n" + date +
			"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n"},
		{"204 has no body and no length", http1.Response{Status: 204, Body: []byte("ok")}, false, false, 1,
			"HTTP/1.1 204 No Content\r\n" + date + "\r\n"},
		{"304 keeps its type", http1.Response{Status: 304, ContentType: "text/plain", Body: []byte("ok")},
			false, false, 1,
			"HTTP/1.1 304 Not Modified\r\n" + date + "Content-Type: text/plain\r\n\r\n"},
		{"405", http1.Response{Status: 405, ContentType: "text/plain", Allow: "GET, HEAD"}, false, false, 1,
			"HTTP/1.1 405 Method Not Allowed\r\n" + date +
				"Content-Type: text/plain\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\n\r\n"},
		{"no type given", http1.Response{Status: 500}, false, false, 1,
			"HTTP/1.1 500 Internal Server Error\r\n" + date +
				"Content-Type: application/octet-stream\r\nContent-Length: 0\r\n\r\n"},
		{"a status without a phrase", http1.Response{Status: 599}, true, false, 1,
			"HTTP/1.1 599 \r\n" + date + "Content-Type: application/octet-stream\r\nContent-Length: 0\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := string(http1.AppendResponse([]byte("before"), &c.response, unix, c.head, c.close, c.minor))
			if got != "before"+c.want {
				t.Errorf("got  %q\nwant %q", got, "before"+c.want)
			}
			// Our own parser must read what we write, as one whole message.
			p := http1.ResponseParser{Head: c.head}
			if n, err := p.Parse([]byte(c.want), false); n != len(c.want) || err != nil ||
				p.Status != c.response.Status {
				t.Errorf("reading it back: %d of %d bytes, status %d, %v", n, len(c.want), p.Status, err)
			}
		})
	}
}

// TestAppendErrorIsReadByNetHTTP has another implementation read our refusals, one for each case
// there is.
func TestAppendErrorIsReadByNetHTTP(t *testing.T) {
	for _, c := range refused {
		p := http1.RequestParser{Limits: c.limits}
		_, err := p.Parse([]byte(c.message))
		fault, ok := err.(*http1.Error)
		if !ok {
			t.Fatalf("%s: not refused: %v", c.name, err)
		}
		r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(http1.AppendError(nil, fault, unix, false))), nil)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if r.StatusCode != fault.Status || string(body) != fault.Reason+"\n" || !r.Close ||
			r.Header.Get("Content-Type") != "text/plain; charset=utf-8" || r.Header.Get("Date") == "" {
			t.Errorf("%s: got %+v, body %q; want %d, %q, close, Date", c.name, r, body, fault.Status, fault.Reason)
		}
	}
}

func TestStatusText(t *testing.T) {
	for code := -1; code <= 1000; code++ {
		want := http.StatusText(code)
		switch code { // net/http keeps the names that RFC 9110 has replaced, and an unused one
		case 413:
			want = "Content Too Large"
		case 414:
			want = "URI Too Long"
		case 416:
			want = "Range Not Satisfiable"
		case 422:
			want = "Unprocessable Content"
		case 418, 510:
			want = ""
		}
		if got := http1.StatusText(code); got != want {
			t.Errorf("StatusText(%d) = %q, want %q", code, got, want)
		}
	}
}

// TestDateAcrossThreads writes responses of different seconds at once: each must carry its own.
func TestDateAcrossThreads(t *testing.T) {
	var all sync.WaitGroup
	for second := range 4 {
		all.Go(func() {
			want := "08:49:" + string([]byte{'4', byte('0' + second)})
			for range 1000 {
				if got := string(http1.AppendResponse(nil, &hello, int64(unix+3+second), false, false,
					1)); !strings.Contains(got, want) {
					t.Errorf("no %s in %q", want, got)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestAppendRequest(t *testing.T) {
	for _, c := range []struct {
		name, method, contentType string
		body                      []byte
		want                      string
	}{
		{"GET", "GET", "ignored/without-a-body", nil, "GET /a?b HTTP/1.1\r\nHost: h:80\r\n\r\n"},
		{"HEAD", "HEAD", "", nil, "HEAD /a?b HTTP/1.1\r\nHost: h:80\r\n\r\n"},
		{"POST", "POST", "text/plain", []byte("ok"),
			"POST /a?b HTTP/1.1\r\nHost: h:80\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"},
		{"POST without a body", "POST", "text/plain", nil,
			"POST /a?b HTTP/1.1\r\nHost: h:80\r\nContent-Length: 0\r\n\r\n"},
		{"GET with a body of nothing", "GET", "", []byte{},
			"GET /a?b HTTP/1.1\r\nHost: h:80\r\nContent-Length: 0\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := string(http1.AppendRequest(nil, c.method, "h:80", "/a?b", c.contentType, c.body))
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			p := http1.RequestParser{}
			if n, err := p.Parse([]byte(got)); n != len(got) || err != nil || p.Request.Close ||
				!bytes.Equal(p.Request.Body, c.body) {
				t.Errorf("reading it back: %d of %d bytes, %v, %+v", n, len(got), err, p.Request)
			}
		})
	}
}

func TestNothingIsAllocated(t *testing.T) {
	var requests http1.RequestParser
	var answers http1.ResponseParser
	answer := []byte(smallResponse)
	dst := make([]byte, 0, 1024)
	check := func(name string, run func()) {
		if n := testing.AllocsPerRun(200, run); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
	for name, message := range map[string]string{
		"wrk": wrkRequest, "browser": browserRequest, "POST": postRequest, "chunked": chunkedRequest,
		"refused": "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
	} {
		buf := make([]byte, len(message))
		check("parse request "+name, func() {
			copy(buf, message)
			if n, err := requests.Parse(buf); n == 0 && err == nil {
				t.Fatalf("%s is not whole", name)
			}
			requests.Reset()
		})
	}
	check("append response", func() { dst = http1.AppendResponse(dst[:0], &hello, unix, false, false, 1) })
	check("append error",
		func() { dst = http1.AppendError(dst[:0], &http1.Error{Status: 400, Reason: "because"}, unix, false) })
	check("append request",
		func() { dst = http1.AppendRequest(dst[:0], "GET", "127.0.0.1:3000", "/wait?ms=50", "", nil) })
	check("parse response", func() {
		if n, err := answers.Parse(answer, false); n != len(answer) {
			t.Fatal(n, err)
		}
	})
}
