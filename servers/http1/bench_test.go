package http1_test

import (
	"testing"

	"nodecompare/servers/http1"
)

const (
	wrkRequest     = "GET / HTTP/1.1\r\nHost: 127.0.0.1:39007\r\n\r\n"
	browserRequest = "GET /wait?ms=50 HTTP/1.1\r\nHost: localhost:3000\r\nConnection: keep-alive\r\n" +
		"Cache-Control: max-age=0\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 " +
		"Safari/537.36\r\n" +
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n" +
		"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n\r\n"
	postRequest = "POST /login HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nContent-Type: application/json\r\n" +
		"Content-Length: 36\r\n\r\n" +
		`{"user":"mango","password":"secret"}`
	chunkedRequest = "POST /echo HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"5\r\nHello\r\n6\r\n World\r\n0\r\n\r\n"
	smallResponse = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n" +
		"Content-Type: text/html; charset=utf-8\r\n" +
		"Content-Length: 35\r\n\r\nHello from Mango Engineers Backend!"
)

var hello = http1.Response{Status: 200, ContentType: "text/html; charset=utf-8",
	Body: []byte("Hello from Mango Engineers Backend!")}

func BenchmarkParseRequest(b *testing.B) {
	for _, c := range []struct{ name, message string }{
		{"wrk", wrkRequest}, {"browser", browserRequest}, {"post", postRequest}, {"chunked", chunkedRequest},
	} {
		b.Run(c.name, func(b *testing.B) {
			var p http1.RequestParser
			buf := []byte(c.message)
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				copy(buf, c.message) // a chunked body is joined in place
				if n, err := p.Parse(buf); n != len(buf) {
					b.Fatal(n, err)
				}
			}
		})
	}
}

func BenchmarkAppendResponse(b *testing.B) {
	dst := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		dst = http1.AppendResponse(dst[:0], &hello, 784111777, false, false, 1)
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	dst := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		dst = http1.AppendRequest(dst[:0], "GET", "127.0.0.1:39007", "/", "", nil)
	}
}

func BenchmarkParseResponse(b *testing.B) {
	var p http1.ResponseParser
	buf := []byte(smallResponse)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := p.Parse(buf, false); n != len(buf) {
			b.Fatal(n, err)
		}
	}
}
