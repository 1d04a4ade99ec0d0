package servers_test

import (
	"regexp"
	"strings"
	"testing"

	"nodecompare/servers"
)

// refusal is an answer to a malformed request, whose text is the parser's own affair.
var refusal = regexp.MustCompile(`^HTTP/1\.1 (\d{3} [A-Za-z ]+)\r\nDate: D\r\nContent-Type: text/plain; ` +
	`charset=utf-8\r\n` +
	`Content-Length: (\d+)\r\nConnection: close\r\n\r\n(.+\n)$`)

// TestMalformed has every model refuse what cannot be served, in the same words, and end the
// connection.
func TestMalformed(t *testing.T) {
	const head = "GET / HTTP/1.1\r\nHost: x\r\n"
	bad := []struct{ name, send, status string }{
		{"no host", "GET / HTTP/1.1\r\n\r\n", "400 Bad Request"},
		{"no version", "GET /\r\n\r\n", "400 Bad Request"},
		{"two spaces", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", "400 Bad Request"},
		{"bare LF", "GET / HTTP/1.1\nHost: x\n\n", "400 Bad Request"},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400 Bad Request"},
		{"space before colon", head + "A : b\r\n\r\n", "400 Bad Request"},
		{"folded", head + "A: b\r\n c\r\n\r\n", "400 Bad Request"},
		{"control character", head + "A: \x00\r\n\r\n", "400 Bad Request"},
		{"two hosts", head + "Host: x\r\n\r\n", "400 Bad Request"},
		{"two lengths", head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400 Bad Request"},
		{"negative length", head + "Content-Length: -1\r\n\r\n", "400 Bad Request"},
		{"length and coding", head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			"400 Bad Request"},
		{"bad chunk", head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "400 Bad Request"},
		{"chunk without end", head + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", "400 Bad Request"},
		{"large body", head + "Content-Length: 1048577\r\n\r\n", "413 Content Too Large"},
		{"large body, expecting 100", head + "Expect: 100-continue\r\nContent-Length: 99999999999999999999\r\n\r\n",
			"413 Content Too Large"},
		{"large chunk", head + "Transfer-Encoding: chunked\r\n\r\n100001\r\n", "413 Content Too Large"},
		{"long target", "GET /" + strings.Repeat("a", 9<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n", "414 URI Too Long"},
		{"long target, unended", "GET /" + strings.Repeat("a", 9<<10), "414 URI Too Long"},
		{"large header", head + "A: " + strings.Repeat("a", 17<<10) + "\r\n\r\n",
			"431 Request Header Fields Too Large"},
		{"many fields", head + strings.Repeat("A: b\r\n", 101) + "\r\n", "431 Request Header Fields Too Large"},
		{"unknown coding", head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501 Not Implemented"},
		{"CONNECT", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", "501 Not Implemented"},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 HTTP Version Not Supported"},
		{"HTTP/1.2", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", "505 HTTP Version Not Supported"},
	}
	said := map[string]string{}
	before := map[string]string{
		"":                  "",
		get("/"):            reply("200 OK", html, hello),
		get("/wait?ms=2"):   reply("200 OK", json, `{"waited_ms":2}`),
		"\r\n" + get("/no"): reply("404 Not Found", text, "Not Found\n"),
	}
	eachModeAlone(t, func(t *testing.T, mode string) {
		v := serve(t, mode, servers.Config{PoolSize: 4})
		for _, b := range bad {
			for first, answer := range before {
				got := converse(v.dial(t), whole, first+b.send)
				rest, ok := strings.CutPrefix(got, answer)
				part := refusal.FindStringSubmatch(rest)
				if !ok || part == nil || part[1] != b.status || part[2] != itoa(len(part[3])) {
					t.Errorf("%s after %q: want %s, got %.400q", b.name, first, b.status, got)
					continue
				}
				if words, known := said[b.name]; known && words != rest {
					t.Errorf("%s after %q: got %q, and from another mode %q", b.name, first, rest, words)
				}
				said[b.name] = rest
			}
			// A HEAD gets the same, without the words.
			if request, ok := strings.CutPrefix(b.send, "GET "); ok {
				head, _, _ := strings.Cut(said[b.name], "\r\n\r\n")
				if got := converse(v.dial(t), whole, "HEAD "+request); got != head+"\r\n\r\n" {
					t.Errorf("%s, by HEAD: got %.400q", b.name, got)
				}
			}
		}
	})
}
