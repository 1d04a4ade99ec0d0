package http1_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"nodecompare/servers/http1"
)

const host = "Host: h\r\n"

// accepted are requests that must be read, with what must be seen of them in feedRequests' words.
var accepted = []struct{ name, message, want string }{
	{"as wrk sends it", wrkRequest, `41 bytes: "GET" "/" path "/" query "" minor 1 close false head false
  "Host": "127.0.0.1:39007"
  body ""
0 bytes left
`},
	{"query", "GET /wait?ms=50&x=? HTTP/1.1\r\n" + host + "\r\n",
		`41 bytes: "GET" "/wait?ms=50&x=?" path "/wait" query "ms=50&x=?" minor 1 close false head false
  "Host": "h"
  body ""
0 bytes left
`},
	{"http URL", "GET HTTP://me:80/a?b HTTP/1.1\r\n" + host + "\r\n",
		`42 bytes: "GET" "HTTP://me:80/a?b" path "/a" query "b" minor 1 close false head false
  "Host": "h"
  body ""
0 bytes left
`},
	{"http URL without a path", "GET http://me?b HTTP/1.1\r\n" + host + "\r\n",
		`37 bytes: "GET" "http://me?b" path "/" query "b" minor 1 close false head false
  "Host": "h"
  body ""
0 bytes left
`},
	{"asterisk", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n",
		`31 bytes: "OPTIONS" "*" path "*" query "" minor 1 close false head false
  "Host": "h"
  body ""
0 bytes left
`},
	{"white space around values", "GET / HTTP/1.1\r\nHost:h\r\nA: \t b\tc \t\r\nB:\r\nC: \t\r\n\r\n",
		`48 bytes: "GET" "/" path "/" query "" minor 1 close false head false
  "Host": "h"
  "A": "b\tc"
  "B": ""
  "C": ""
  body ""
0 bytes left
`},
	{"length, and the next request behind it", "POST /echo HTTP/1.1\r\n" + host +
		"content-length: 005\r\n\r\nHelloHEAD / HTTP/1.1\r\n" + host + "\r\n",
		`58 bytes: "POST" "/echo" path "/echo" query "" minor 1 close false head false
  "Host": "h"
  "content-length": "005"
  body "Hello"
28 bytes: "HEAD" "/" path "/" query "" minor 1 close false head true
  "Host": "h"
  body ""
0 bytes left
`},
	{"chunked with extensions and trailers", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding:\tChunked\r\n\r\n" +
		"5\r\nHello\r\n00A ; a ; b = c;d=\"\\\";\"\r\n, world!\r\n\r\n0;last\r\nContent-Length: 7\r\nX: y\r\n\r\nGET",
		`138 bytes: "POST" "/" path "/" query "" minor 1 close false head false
  "Host": "h"
  "Transfer-Encoding": "Chunked"
  body "Hello, world!\r\n"
3 bytes left
`},
	{"empty lines before it", "\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n",
		`31 bytes: "GET" "/" path "/" query "" minor 1 close false head false
  "Host": "h"
  body ""
0 bytes left
`},
	{"HTTP/1.0 closes, and needs no Host", "GET / HTTP/1.0\r\n\r\n",
		`18 bytes: "GET" "/" path "/" query "" minor 0 close true head false
  body ""
0 bytes left
`},
	{"HTTP/1.0 kept alive", "GET / HTTP/1.0\r\nConnection: x, Keep-Alive\r\n\r\n",
		`45 bytes: "GET" "/" path "/" query "" minor 0 close false head false
  "Connection": "x, Keep-Alive"
  body ""
0 bytes left
`},
	{"close wins", "GET / HTTP/1.1\r\n" + host + "Connection: keep-alive\r\nConnection: ,CLOSE ,x\r\n\r\n",
		`74 bytes: "GET" "/" path "/" query "" minor 1 close true head false
  "Host": "h"
  "Connection": "keep-alive"
  "Connection": ",CLOSE ,x"
  body ""
0 bytes left
`},
	{"an unknown expectation", "GET / HTTP/1.1\r\n" + host + "Expect: miracles\r\n\r\n",
		`45 bytes: "GET" "/" path "/" query "" minor 1 close false head false
  "Host": "h"
  "Expect": "miracles"
  body ""
0 bytes left
`},
	{"IPv6 host, obs-text in a value", "GET / HTTP/1.1\r\nHost: [::1]:3000\r\nX: caf\xc3\xa9\r\n\r\n",
		`46 bytes: "GET" "/" path "/" query "" minor 1 close false head false
  "Host": "[::1]:3000"
  "X": "café"
  body ""
0 bytes left
`},
}

func TestRequestAccepted(t *testing.T) {
	for _, c := range accepted {
		t.Run(c.name, func(t *testing.T) {
			if got := feedRequests(t, http1.Limits{}, []string{c.message}); got != c.want {
				t.Errorf("%q:\ngot  %s\nwant %s", c.message, got, c.want)
			}
		})
	}
}

var tight = http1.Limits{RequestLine: 20, HeaderBytes: 64, HeaderCount: 3, Body: 10}

// get and post are a whole request around one line or body that a case is about.
func get(line string) string { return "GET / HTTP/1.1\r\n" + host + line + "\r\n\r\n" }
func post(body string) string {
	return "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n" + body
}

// refused are requests that must be refused, with the status and a part of the reason: its section,
// or its words where one section has several rules.
var refused = []struct {
	name, message string
	limits        http1.Limits
	status        int
	reason        string
}{
	{"bare LF after the request line", "GET / HTTP/1.1\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 2.2"},
	{"bare LF after a field", "GET / HTTP/1.1\r\nHost: h\n\r\n", http1.Limits{}, 400, "9112, section 2.2"},
	{"bare LF as the empty line", "GET / HTTP/1.1\r\n" + host + "\n", http1.Limits{}, 400, "9112, section 2.2"},
	{"bare LF before the request line", "\nGET / HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400,
		"9112, section 3)"},
	{"bare CR before the request line", "\rGET / HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400,
		"9112, section 3)"},
	{"bare CR in a value", get("A: b\rc"), http1.Limits{}, 400, "9110, section 5.5"},
	{"bare CR in a name", get("A\rb: c"), http1.Limits{}, 400, "9112, section 5.1"},
	{"CR CR LF", "GET / HTTP/1.1\r\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3)"},
	{"too many empty lines", "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400,
		"empty lines"},

	{"a TLS handshake", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", http1.Limits{}, 400, "9112, section 3)"},
	{"white space first", " GET / HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3)"},
	{"method with a slash", "G/T / HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3)"},
	{"method alone", "GET\r\n\r\n", http1.Limits{}, 400, "9112, section 3)"},
	{"tab behind the method", "GET\t/ HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3)"},
	{"CONNECT", "CONNECT a:1 HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 501, "9110, section 9.3.6"},
	{"HTTP/0.9", "GET /\r\n", http1.Limits{}, 400, "9112, section 3)"},
	{"HTTP/0.9, longer", "GET /a/long/path/to/see\r\n", http1.Limits{}, 400, "9112, section 3)"},
	{"two spaces before the version", "GET /  HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3.2"},
	{"space behind the version", "GET / HTTP/1.1 \r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3)"},
	{"lower-case version", "GET / http/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3)"},
	{"long version", "GET / HTTP/1.10\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3)"},
	{"HTTP/9.9", "GET / HTTP/9.9\r\n" + host + "\r\n", http1.Limits{}, 505, "9110, section 15.6.6"},
	{"HTTP/1.2", "GET / HTTP/1.2\r\n" + host + "\r\n", http1.Limits{}, 505, "9110, section 15.6.6"},
	{"HTTP/2 with prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", http1.Limits{}, 505, "9110, section 15.6.6"},

	{"no target", "GET  HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3.2"},
	{"no target and one space", "GET HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3"},
	{"space in the target", "GET /a b HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3.2"},
	{"tab in the target", "GET /a\tb HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3.2"},
	{"NUL in the target", "GET /a\x00b HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3.2"},
	{"non-ASCII in the target", "GET /caf\xc3\xa9 HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400,
		"9112, section 3.2"},
	{"DEL in the query", "GET /?\x7f HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3.2"},
	{"fragment", "GET /#a HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3.2"},
	{"fragment behind a query", "GET /?#a HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3.2"},
	{"broken escape", "GET /%4g HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3.2"},
	{"escape cut off", "GET /?a=%4 HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9112, section 3.2"},
	{"path without a slash", "GET index.html HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "must be a path"},
	{"asterisk with GET", "GET * HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "must be a path"},
	{"authority without CONNECT", "GET h:80 HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "must be a path"},
	{"ftp URL", "GET ftp://h/ HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "must be a path"},
	{"http URL without slashes", "GET http:h HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "must be a path"},
	{"http URL without a host", "GET http:///a HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9110, section 7.2"},
	{"user in the URL", "GET http://u@h/ HTTP/1.1\r\n" + host + "\r\n", http1.Limits{}, 400, "9110, section 7.2"},

	{"white space before the first field", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", http1.Limits{}, 400,
		"9112, section 5.2"},
	{"obs-fold", get("A: b\r\n c"), http1.Limits{}, 400, "9112, section 5.2"},
	{"obs-fold with a tab", get("A: b\r\n\tc: d"), http1.Limits{}, 400, "9112, section 5.2"},
	{"a line of white space", get(" "), http1.Limits{}, 400, "9112, section 5.2"},
	{"space before the colon", get("Transfer-Encoding : chunked"), http1.Limits{}, 400, "9112, section 5.1"},
	{"no colon", get("A"), http1.Limits{}, 400, "9112, section 5.1"},
	{"no name", get(": b"), http1.Limits{}, 400, "9112, section 5.1"},
	{"brackets in a name", get("A[0]: b"), http1.Limits{}, 400, "9112, section 5.1"},
	{"non-ASCII name", get("\xc3\xa9: b"), http1.Limits{}, 400, "9112, section 5.1"},
	{"NUL in a value", get("A: b\x00"), http1.Limits{}, 400, "9110, section 5.5"},
	{"escape in a long value", get("A: 0123456789abcdef\x1b[0m0123456789"), http1.Limits{}, 400, "9110, section 5.5"},
	{"DEL in a value", get("A: 01234567\x7f"), http1.Limits{}, 400, "9110, section 5.5"},

	{"no Host", "GET / HTTP/1.1\r\n\r\n", http1.Limits{}, 400, "9112, section 3.2"},
	{"no Host with an http URL", "GET http://h/ HTTP/1.1\r\n\r\n", http1.Limits{}, 400, "9112, section 3.2"},
	{"two Hosts", get("hOST: h"), http1.Limits{}, 400, "more than one Host"},
	{"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\n" + host + host + "\r\n", http1.Limits{}, 400, "more than one Host"},

	{"length and coding", get("Content-Length: 0\r\nTransfer-Encoding: chunked"), http1.Limits{}, 400,
		"9112, section 6.1"},
	{"coding and length", get("Transfer-Encoding: chunked\r\nContent-Length: 0"), http1.Limits{}, 400,
		"9112, section 6.1"},
	{"lengths that differ", get("Content-Length: 5\r\nContent-Length: 6"), http1.Limits{}, 400, "9112, section 6.3"},
	{"lengths that agree", get("Content-Length: 5\r\nContent-Length: 5"), http1.Limits{}, 400, "9112, section 6.3"},
	{"list of lengths", get("Content-Length: 5, 5"), http1.Limits{}, 400, "9110, section 8.6"},
	{"negative length", get("Content-Length: -1"), http1.Limits{}, 400, "9110, section 8.6"},
	{"length with a plus", get("Content-Length: +1"), http1.Limits{}, 400, "9110, section 8.6"},
	{"hexadecimal length", get("Content-Length: 0x1"), http1.Limits{}, 400, "9110, section 8.6"},
	{"length with an underscore", get("Content-Length: 1_0"), http1.Limits{}, 400, "9110, section 8.6"},
	{"empty length", get("Content-Length: "), http1.Limits{}, 400, "9110, section 8.6"},
	{"length over 64 bits", get("Content-Length: 18446744073709551617"), http1.Limits{}, 413, "9110, section 15.5.14"},
	{"length over any bits, then a letter", get("Content-Length: 18446744073709551617000000000x"),
		http1.Limits{}, 400, "9110, section 8.6"},

	{"coding in HTTP/1.0", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", http1.Limits{}, 400,
		"9112, section 6.1"},
	{"chunked not last", get("Transfer-Encoding: chunked, gzip"), http1.Limits{}, 400, "must be the last"},
	{"chunked not last, in two fields", get("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip"),
		http1.Limits{}, 400, "must be the last"},
	{"chunked missing", get("Transfer-Encoding: gzip"), http1.Limits{}, 400, "must be the last"},
	{"identity", get("Transfer-Encoding: identity"), http1.Limits{}, 400, "must be the last"},
	{"chunked twice", get("Transfer-Encoding: chunked, chunked"), http1.Limits{}, 400, "must be the last"},
	{"chunked twice, in two fields", get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
		http1.Limits{}, 400, "must be the last"},
	{"unknown coding", get("Transfer-Encoding: gzip;q=1, chunked"), http1.Limits{}, 501, "9112, section 6.1"},
	{"unknown coding, in two fields", get("Transfer-Encoding: xchunked\r\nTransfer-Encoding: chunked"),
		http1.Limits{}, 501, "9112, section 6.1"},
	{"empty coding", get("Transfer-Encoding:"), http1.Limits{}, 400, "not a list of codings"},
	{"empty coding in a list", get("Transfer-Encoding: ,chunked"), http1.Limits{}, 400, "not a list of codings"},
	{"quoted coding", get(`Transfer-Encoding: "chunked"`), http1.Limits{}, 400, "not a list of codings"},
	{"vertical tab before chunked", get("Transfer-Encoding: \vchunked"), http1.Limits{}, 400, "9110, section 5.5"},
	{"non-breaking space behind chunked", get("Transfer-Encoding: chunked\xa0"), http1.Limits{}, 400,
		"not a list of codings"},
	{"chunked with a parameter", get("Transfer-Encoding: chunked;a=b"), http1.Limits{}, 400, "7.1)"},

	{"chunk size empty", post("\r\n"), http1.Limits{}, 400, "9112, section 7.1)"},
	{"chunk size negative", post("-1\r\n"), http1.Limits{}, 400, "9112, section 7.1)"},
	{"chunk size with a plus", post("+1\r\n"), http1.Limits{}, 400, "9112, section 7.1)"},
	{"chunk size with 0x", post("0x5\r\n"), http1.Limits{}, 400, "9112, section 7.1)"},
	{"chunk size with a space before it", post(" 5\r\n"), http1.Limits{}, 400, "9112, section 7.1)"},
	{"chunk size with a space behind it", post("5 \r\n"), http1.Limits{}, 400, "9112, section 7.1.1"},
	{"chunk size of 17 digits", post("00000000000000005\r\n"), http1.Limits{}, 400, "9112, section 7.1)"},
	{"chunk size of 64 bits", post("ffffffffffffffff\r\n"), http1.Limits{}, 413, "9110, section 15.5.14"},
	{"chunk size that would wrap the sum", post("1\r\na\r\n7fffffffffffffff\r\n"), http1.Limits{}, 413,
		"9110, section 15.5.14"},
	{"chunk line ends in LF", post("5\nHello\r\n0\r\n\r\n"), http1.Limits{}, 400, "9112, section 2.2"},
	{"chunk extension without a name", post("5;\r\n"), http1.Limits{}, 400, "9112, section 7.1.1"},
	{"chunk extension without a value", post("5;a=\r\n"), http1.Limits{}, 400, "9112, section 7.1.1"},
	{"chunk extension with a broken quote", post("5;a=\"b\r\n"), http1.Limits{}, 400, "9112, section 7.1.1"},
	{"chunk extension with a quote cut off", post("5;a=\"\\\r\n"), http1.Limits{}, 400, "9112, section 7.1.1"},
	{"chunk extension with a bare CR", post("5;a\r=b\r\n"), http1.Limits{}, 400, "9112, section 7.1.1"},
	{"chunk extension with a NUL in quotes", post("5;a=\"\x00\"\r\n"), http1.Limits{}, 400, "9112, section 7.1.1"},
	{"chunk extension too long", post("5;" + strings.Repeat("a", 300) + "\r\n"), http1.Limits{}, 400, "too long"},
	{"chunk data too long", post("5\r\nHello!\r\n"), http1.Limits{}, 400, "9112, section 7.1)"},
	{"chunk data without CRLF", post("5\r\nHello0\r\n\r\n"), http1.Limits{}, 400, "9112, section 7.1)"},
	{"chunk data with LF", post("5\r\nHello\n0\r\n\r\n"), http1.Limits{}, 400, "9112, section 7.1)"},
	{"more framing than data", post(strings.Repeat("1\r\na\r\n", 100)), http1.Limits{HeaderBytes: 64}, 413,
		"9112, section 7.1.1"},
	{"trailer malformed", post("0\r\nA : b\r\n\r\n"), http1.Limits{}, 400, "9112, section 5.1"},
	{"trailer folded", post("0\r\n a\r\n\r\n"), http1.Limits{}, 400, "9112, section 5.2"},

	{"request line over its limit", "GET /67890 HTTP/1.1+\r\n", tight, 400, "9112, section 3)"},
	{"request line just over its limit", "GET /678901 HTTP/1.1+\r\n", tight, 414, "9112, section 3)"},
	{"request line that does not end", "GET /678901234567890123", tight, 414, "9112, section 3)"},
	{"header over its limit", "GET / HTTP/1.1\r\n" + host + "A: " + strings.Repeat("b", 49) + "\r\n\r\n",
		tight, 431, "too large"},
	{"header that does not end", "GET / HTTP/1.1\r\n" + host + "A: " + strings.Repeat("b", 60), tight, 431,
		"too large"},
	{"too many fields", get("A: b\r\nC: d\r\nE: f"), tight, 431, "too many"},
	{"body over its limit", get("Content-Length: 11"), tight, 413, "9110, section 15.5.14"},
	{"chunks over the limit of the body",
		strings.Replace(post("5\r\nHello\r\n6\r\n"), host, "Host:\r\n", 1), http1.Limits{Body: 10}, 413,
		"9110, section 15.5.14"},
	{"trailers over their limit", post("0\r\nA: " + strings.Repeat("b", 70)), http1.Limits{HeaderBytes: 64},
		431, "too large"},
	{"too many trailers", post("0\r\nA: b\r\nA: b\r\nA: b\r\n\r\n"), http1.Limits{HeaderCount: 2}, 431, "too many"},
}

func TestRequestRefused(t *testing.T) {
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			p := http1.RequestParser{Limits: c.limits}
			for call := range 2 {
				n, err := p.Parse([]byte(c.message))
				var fault *http1.Error
				if n != 0 || !errors.As(err, &fault) {
					t.Fatalf("call %d: %q: got %d bytes, error %v; want it refused", call, c.message, n, err)
				}
				if fault.Status != c.status || !strings.Contains(fault.Reason, c.reason) {
					t.Errorf("call %d: %q: got %v; want %d and %q", call, c.message, fault, c.status, c.reason)
				}
			}
			p.Reset()
			if n, err := p.Parse([]byte("GET / HTTP/1.0\r\n\r\n")); n == 0 || err != nil {
				t.Errorf("after Reset a good request is not read: %d bytes, %v", n, err)
			}
		})
	}
}

func TestHostValues(t *testing.T) {
	for value, valid := range map[string]bool{
		"": true, "h": true, "h:": true, "h:0": true, "h:65535": true, "127.0.0.1:80": true,
		"a-b.c_d~e": true, "x%41": true,
		"[::1]": true, "[::1]:80": true, "[1:2:3:4:5:6:7:8]:": true, "[::ffff:1.2.3.4]": true,
		":80": false, "h:x": false, "h:65536": false, "h:99999999999999999999": false, "h:8:0": false,
		"h:-1": false, "a b": false,
		"a,b:1 ": true, "a/b": false, "a@b": false, "a?b": false, "a#b": false, "a\\b": false, "%4": false,
		"%zz": false, "caf\xc3\xa9": false, "a\tb": false,
		"[": false, "[]": false, "[::1": false, "[::1]x": false, "[::1]:x": false, "[::1%25eth0]": false,
		"[::1%eth0]": false, "[127.0.0.1]": false,
		"[v1.a]": false, "[:::]": false, "::1": false, "a[::1]": false,
	} {
		p := http1.RequestParser{}
		n, err := p.Parse(fmt.Appendf(nil, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", value))
		if valid != (n > 0 && err == nil) {
			t.Errorf("Host: %q: got %d bytes, %v; want valid: %t (RFC 9110, section 7.2)", value, n, err, valid)
		}
	}
}

func TestExpectContinue(t *testing.T) {
	const head = "POST / HTTP/1.1\r\n" + host + "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n"
	p := http1.RequestParser{}
	asked := 0
	for i := range len(head) + 2 {
		n, err := p.Parse([]byte(head + "ok")[:i])
		if n != 0 || err != nil {
			t.Fatalf("at %d bytes: %d, %v", i, n, err)
		}
		if p.ExpectsContinue() {
			if asked++; i != len(head) {
				t.Errorf("asked at %d bytes; the head has %d", i, len(head))
			}
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
	for name, whole := range map[string]string{
		"the body is there":            head + "ok",
		"there is no body":             "GET / HTTP/1.1\r\n" + host + "Expect: 100-continue\r\n\r\n",
		"HTTP/1.0 does not wait":       "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
		"nobody asked":                 "POST / HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\n",
		"the head is not whole":        head[:len(head)-1],
		"the head asks for other than": strings.Replace(head, "100-Continue", "101-Continue", 1),
	} {
		p.Reset()
		if _, err := p.Parse([]byte(whole)); err != nil || p.ExpectsContinue() {
			t.Errorf("%s: %q: asks for 100-continue, or fails: %v", name, whole, err)
		}
	}
}

func TestRequestLookups(t *testing.T) {
	p := http1.RequestParser{}
	if _, err :=
		p.Parse([]byte("GET /?ms2=1&ms=50&flag&ms=60&e= HTTP/1.1\r\nX-A: 1\r\nhost: h\r\nx-a: " +
			"2\r\nX-B:\r\nX^C: 3\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"X-A": "1", "x-a": "1", "HOST": "h", "X-B": "", "x^c": "3"} {
		if got := p.Request.Header(name); got == nil || string(got) != want {
			t.Errorf("Header(%q) = %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"X", "X-", "X-AA", "X~C", ""} {
		if got := p.Request.Header(name); got != nil {
			t.Errorf("Header(%q) = %q, want none", name, got)
		}
	}
	for name, want := range map[string]string{"ms": "50", "ms2": "1", "flag": "", "e": ""} {
		if got, ok := p.Request.QueryValue(name); !ok || string(got) != want {
			t.Errorf("QueryValue(%q) = %q, %t; want %q", name, got, ok, want)
		}
	}
	for _, name := range []string{"m", "fla", "flags", "50"} {
		if got, ok := p.Request.QueryValue(name); ok {
			t.Errorf("QueryValue(%q) = %q, want none", name, got)
		}
	}
}
