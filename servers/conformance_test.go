package servers_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"nodecompare/servers"
	"nodecompare/servers/workload"
)

func itoa(n int) string { return strconv.Itoa(n) }

// conversation is what a client sends on one connection and all that a server answers until it
// closes.
type conversation struct {
	name, send string
	want       []string
}

// one is a conversation of one request, in two variants: the last of its connection, and followed
// by another one.
func one(method, target, body string, status, contentType, want string, extra ...string) []conversation {
	name := method + " " + target
	last := request(method, target, body, "Connection: close")
	return []conversation{
		{name, last, []string{reply(status, contentType, want, append(extra, closes)...)}},
		{name + " kept", request(method, target, body) + get("/", closes), []string{
			reply(status, contentType, want, extra...), reply("200 OK", html, hello, closes)}},
	}
}

// conversations states every answer in full, so that the models cannot all be wrong together.
func conversations(t *testing.T) []conversation {
	content, err := os.ReadFile(filepath.Join(dataDir, "file.bin"))
	if err != nil {
		t.Fatal(err)
	}
	const (
		badMS    = `{"error":"ms must be a whole number of milliseconds from 0 to 60000, such as ms=50"}`
		badID    = `{"error":"id must be the number of a product, such as id=7"}`
		badLogin = `{"error":"the body must be JSON with two strings: {\"user\":\"…\",\"password\":\"…\"}"}`
		badUser  = `{"error":"user must be the number of a user from 1 to 1000000, such as user=7"}`
		screen   = `{"user":7,"profile":{"id":7,"name":"User 7","followers":259},"posts":[` +
			`{"id":35,"text":"What user 7 had to say, part 1","likes":77},` +
			`{"id":36,"text":"What user 7 had to say, part 2","likes":88},` +
			`{"id":37,"text":"What user 7 had to say, part 3","likes":99},` +
			`{"id":38,"text":"What user 7 had to say, part 4","likes":10},` +
			`{"id":39,"text":"What user 7 had to say, part 5","likes":21}],"notifications":{"unread":7}}`
		denied = `{"error":"the user or the password is wrong"}`
		token  = `{"token":"bWFuZ28.L3cLY2MPXIk6FYupTo7r7xxQCa1aHg_QsDkBcR4kY1w"}`
		soap   = `{"id":7,"sku":"ME-00007","name":"Dunmore Large Soap Dish",` +
			`"category":"bath","price_cents":3665,"stock":45}`
		coffee = `{"id":10000,"sku":"ME-10000","name":"Ironbridge Large Coffee Beans 250 g",` +
			`"category":"pantry","price_cents":671,"stock":4}`
	)
	long := strings.Repeat("0123456789abcdef", 20_000) // no buffer on the way holds it whole
	var all []conversation
	for _, c := range [][]conversation{
		one("GET", "/", "", "200 OK", html, hello),
		one("GET", "http://x/?ignored", "", "200 OK", html, hello),
		one("GET", "/wait?ms=3", "", "200 OK", json, `{"waited_ms":3}`),
		one("GET", "/wait?ms=0", "", "200 OK", json, `{"waited_ms":0}`),
		one("GET", "/wait", "", "200 OK", json, `{"waited_ms":50}`),
		one("GET", "/wait?ms=", "", "400 Bad Request", json, badMS),
		one("GET", "/wait?ms=-1", "", "400 Bad Request", json, badMS),
		one("GET", "/wait?ms=60001", "", "400 Bad Request", json, badMS),
		one("GET", "/wait?ms=%31", "", "400 Bad Request", json, badMS),
		one("GET", "/wait?ms=+1", "", "400 Bad Request", json, badMS),
		one("GET", "/wait?ms=1.0", "", "400 Bad Request", json, badMS),
		one("GET", "/wait?ms", "", "400 Bad Request", json, badMS),
		one("GET", "/wait?mss=x&ms=001&ms=x", "", "200 OK", json, `{"waited_ms":1}`),
		one("GET", "/file", "", "200 OK", data, string(content)),
		one("GET", "/api?ms=2", "", "200 OK", json, `{"service":"upstream","waited_ms":2}`),
		one("GET", "/api?ms=x", "", "400 Bad Request", json, badMS),
		one("GET", "/upstream?ms=2", "", "200 OK", json, `{"service":"upstream","waited_ms":2}`),
		one("GET", "/upstream?ms=2&part=notifications&user=7", "", "200 OK", json, `{"unread":7}`),
		one("GET", "/upstream?ms=2&part=friends&user=7", "", "400 Bad Request", json,
			`{"error":"part must be profile, posts or notifications"}`),
		one("GET", "/feed?user=7", "", "200 OK", json, screen),
		one("GET", "/feed?user=0", "", "400 Bad Request", json, badUser),
		one("GET", "/feed?user=1000001", "", "400 Bad Request", json, badUser),
		one("GET", "/feed", "", "400 Bad Request", json, badUser),
		one("GET", "/db?id=7", "", "200 OK", json, soap),
		one("GET", "/db?id=10000", "", "200 OK", json, coffee),
		one("GET", "/db?id=10001", "", "404 Not Found", json, `{"error":"there is no product 10001"}`),
		one("GET", "/db?id=0", "", "404 Not Found", json, `{"error":"there is no product 0"}`),
		one("GET", "/db?id=007", "", "200 OK", json, soap),
		one("GET", "/db?id=999999999999999999", "", "404 Not Found", json,
			`{"error":"there is no product 999999999999999999"}`),
		one("GET", "/db?id=9999999999999999999", "", "400 Bad Request", json, badID),
		one("GET", "/db", "", "400 Bad Request", json, badID),
		one("GET", "/db?id=7'", "", "400 Bad Request", json, badID),
		one("POST", "/login", `{"user":"mango","password":"engineers"}`, "200 OK", json, token),
		one("POST", "/login", `{"user":"mango","password":"x"}`, "401 Unauthorized", json, denied),
		one("POST", "/login", `{"user":"nobody","password":"engineers"}`, "401 Unauthorized", json, denied),
		one("POST", "/login", `{"user":"zoë","password":"naïve café ☕"}`, "200 OK", json,
			`{"token":"em_Dqw.dEfI4heqW9oEuyHpXnoqoOBgiEkaOZecI0GbZsLqUqI"}`),
		one("POST", "/login", ` { "password" : "engineers", "more": [1], "user" : "mango" } `, "200 OK", json, token),
		one("POST", "/login", `{"user":"mango","password":null}`, "400 Bad Request", json, badLogin),
		one("POST", "/login", `["mango","engineers"]`, "400 Bad Request", json, badLogin),
		one("POST", "/login", `null`, "400 Bad Request", json, badLogin),
		one("POST", "/login", `{"user":"mango"`, "400 Bad Request", json, badLogin),
		one("POST", "/login", `{"user":7,"password":"x"}`, "400 Bad Request", json, badLogin),
		one("POST", "/login", "", "400 Bad Request", json, badLogin),
		one("GET", "/cpu?ms=1", "", "200 OK", json, `{"burned_ms":1}`),
		one("GET", "/cpu?ms=10001", "", "400 Bad Request", json,
			`{"error":"ms must be a whole number of milliseconds from 0 to 10000, such as ms=50"}`),
		one("GET", "/mix?wait_ms=2&cpu_us=100", "", "200 OK", json, `{"waited_ms":2,"burned_us":100}`),
		one("GET", "/mix?wait_ms=0&cpu_us=0", "", "200 OK", json, `{"waited_ms":0,"burned_us":0}`),
		one("GET", "/mix", "", "200 OK", json, `{"waited_ms":10,"burned_us":100}`),
		one("GET", "/mix?wait_ms=60001&cpu_us=x", "", "400 Bad Request", json,
			`{"error":"wait_ms must be a whole number of milliseconds from 0 to 60000, such as wait_ms=10"}`),
		one("GET", "/mix?wait_ms=1&cpu_us=10000001", "", "400 Bad Request", json,
			`{"error":"cpu_us must be a whole number of microseconds from 0 to 10000000, such as cpu_us=100"}`),
		one("GET", "/live?rate=1001", "", "400 Bad Request", json,
			`{"error":"rate must be a whole number of events a second from 0 to 1000, such as rate=10"}`),
		one("POST", "/live", "", "405 Method Not Allowed", text, "Method Not Allowed\n", "Allow: GET, HEAD"),
		one("POST", "/echo", "as it came\r\n\x00", "200 OK", data, "as it came\r\n\x00"),
		one("POST", "/echo", "", "200 OK", data, ""),
		one("POST", "/echo", long, "200 OK", data, long),
		one("GET", "/nope", "", "404 Not Found", text, "Not Found\n"),
		one("GET", "/wait/", "", "404 Not Found", text, "Not Found\n"),
		one("OPTIONS", "*", "", "200 OK", text, "", "Allow: GET, HEAD, POST, OPTIONS"),
		one("POST", "/", "x", "405 Method Not Allowed", text, "Method Not Allowed\n", "Allow: GET, HEAD"),
		one("BREW", "/wait", "", "405 Method Not Allowed", text, "Method Not Allowed\n", "Allow: GET, HEAD"),
		one("GET", "/echo", "", "405 Method Not Allowed", text, "Method Not Allowed\n", "Allow: POST"),
		one("DELETE", "/login", "", "405 Method Not Allowed", text, "Method Not Allowed\n", "Allow: POST"),
		dialects(string(content)),
	} {
		all = append(all, c...)
	}
	return all
}

// dialects are the ways in which requests can be put.
func dialects(content string) []conversation {
	ok := reply("200 OK", html, hello)
	last := reply("200 OK", html, hello, closes)
	bare := func(r string) string { return r[:strings.Index(r, "\r\n\r\n")+4] }
	old := func(target string, fields ...string) string {
		return strings.Join(append([]string{"GET " + target + " HTTP/1.0"}, fields...), "\r\n") + "\r\n\r\n"
	}
	chunked := "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"5\r\nhello\r\n1;x=\"y\"\r\n,\r\n00b\r\n everything\r\n0\r\nTrailer: t\r\n\r\n"
	upload := request("POST", "/echo", "12345", "Expect: 100-continue")
	const interim = "HTTP/1.1 100 Continue\r\n\r\n"
	cut := strings.Index(upload, "12345")
	return []conversation{
		{"HEAD", request("HEAD", "/", "") + request("HEAD", "/file", "") + request("HEAD", "/echo", "") +
			request("HEAD", "/wait?ms=1", "", closes),
			[]string{bare(ok), bare(reply("200 OK", data, content)),
				bare(reply("405 Method Not Allowed", text, "Method Not Allowed\n", "Allow: POST")),
				bare(reply("200 OK", json, `{"waited_ms":1}`, closes))}},
		{"HTTP/1.0", old("/"), []string{reply("200 OK", html, hello)}},
		{"HTTP/1.0 waiting", old("/wait?ms=1") + get("/"), []string{reply("200 OK", json, `{"waited_ms":1}`)}},
		{"HTTP/1.0 kept", old("/", keeps) + old("/wait?ms=1", keeps) + old("/nope"),
			[]string{reply("200 OK", html, hello, keeps),
				reply("200 OK", json, `{"waited_ms":1}`, keeps), reply("404 Not Found", text, "Not Found\n")}},
		{"nothing is served behind the last", get("/", closes) + get("/nope") + "garbage", []string{last}},
		{"nothing is served behind the last that waits", get("/wait?ms=1", closes) + get("/nope"),
			[]string{reply("200 OK", json, `{"waited_ms":1}`, closes)}},
		{"empty lines first", "\r\n\r\n" + get("/") + "\r\n" + get("/", closes), []string{ok, last}},
		{"chunked", chunked + get("/", closes), []string{reply("200 OK", "a/b", "hello, everything"), last}},
		{"expecting 100", upload[:cut] + pause + "12345" + get("/", closes),
			[]string{interim + reply("200 OK", data, "12345"), last}},
		{"an upgrade to what nobody knows",
			request("POST", "/echo", "hello", "Upgrade: h2c", "Connection: Upgrade") + get("/", closes),
			[]string{reply("200 OK", data, "hello"), last}},
		{"pipelined, all kinds", get("/wait?ms=5") + get("/") + get("/db?id=1x") + chunked + get("/file") +
			get("/wait?ms=0") +
			request("POST", "/echo", "one") + request("POST", "/echo", "three") + get("/api?ms=1") + get("/nope") +
			get("/", closes),
			[]string{reply("200 OK", json, `{"waited_ms":5}`), ok,
				reply("400 Bad Request", json, `{"error":"id must be the number of a product, such as id=7"}`),
				reply("200 OK", "a/b", "hello, everything"), reply("200 OK", data, content),
				reply("200 OK", json, `{"waited_ms":0}`),
				reply("200 OK", data, "one"), reply("200 OK", data, "three"),
				reply("200 OK", json, `{"service":"upstream","waited_ms":1}`),
				reply("404 Not Found", text, "Not Found\n"), last}},
		{"a thousand", strings.Repeat(get("/"), 999) + get("/", closes), []string{strings.Repeat(ok, 999), last}},
	}
}

// pause in what a conversation sends is where the client waits for the server's interim response.
const pause = "\x01pause\x01"

// converse sends text and returns all that comes back.
func converse(c *client, send func(io.Writer, string) error, text string) string {
	c.t.Helper()
	sent := make(chan error, 1)
	before, behind, waits := strings.Cut(text, pause)
	if waits {
		c.send(before)
		b := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
		if _, err := io.ReadFull(c, b); err != nil {
			c.t.Fatal(err)
		}
		before, behind = behind, string(b)
	}
	go func() { sent <- send(c, before) }() // while the responses are read: they may fill the buffers
	got := behind + c.rest()
	if err := <-sent; err != nil {
		c.t.Logf("sending ended early: %v", err) // right when the server had closed
	}
	if err := c.Close(); err != nil {
		c.t.Error(err)
	}
	return got
}

func whole(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}

// inPieces sends the last thousand bytes one by one: a short request is cut everywhere.
func inPieces(w io.Writer, text string) error {
	for len(text) > 0 {
		n := 1
		if len(text) > 1200 {
			n = 997
		}
		if _, err := io.WriteString(w, text[:n]); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// TestConformance has every model answer every conversation with the same bytes: those that are
// stated.
func TestConformance(t *testing.T) {
	up := upstream(t)
	eachMode(t, func(t *testing.T, mode string) {
		v := serve(t, mode, servers.Config{Upstream: up, PoolSize: 2, Workers: 2})
		for _, c := range conversations(t) {
			want := strings.Join(c.want, "")
			for name, send := range map[string]func(io.Writer, string) error{"whole": whole, "in pieces": inPieces} {
				if got := converse(v.dial(t), send, c.send); got != want {
					t.Errorf("%s, sent %s:\n%s", c.name, name, difference(got, want))
				}
			}
		}
	})
}

// difference shows where two texts part.
func difference(got, want string) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	from := max(0, at-60)
	return fmt.Sprintf("from byte %d of %d and %d\ngot  %.300q\nwant %.300q", from, len(got), len(want), got[from:],
		want[from:])
}

// TestExamples has every model answer each workload's own example, those of workloads yet to come
// included.
func TestExamples(t *testing.T) {
	up := upstream(t)
	answers := map[string]string{}
	eachModeAlone(t, func(t *testing.T, mode string) {
		v := serve(t, mode, servers.Config{Upstream: up})
		for _, w := range workload.All {
			if !w.Asks() {
				continue // its answer does not end, or is long, and has tests of its own
			}
			fields := []string{closes}
			if w.ContentType != "" {
				fields = append(fields, "Content-Type: "+w.ContentType)
			}
			got := converse(v.dial(t), whole, request(w.Method, w.Target, w.Body, fields...))
			if !strings.HasPrefix(got, "HTTP/1.1 "+itoa(max(w.Status, 200))+" ") {
				t.Errorf("%s: %.200q", w.Name, got)
			}
			if first, ok := answers[w.Name]; !ok {
				answers[w.Name] = got
			} else if got != first {
				t.Errorf("%s differs from the first mode's:\n%s", w.Name, difference(got, first))
			}
		}
	})
}
