package servers_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"nodecompare/servers"
)

// fakeUpstream has every connection served by one function, and ends with the test.
type fakeUpstream struct {
	url         string
	listener    net.Listener
	connections atomic.Int64
}

// upstreamConn is a connection to a fakeUpstream. It is closed when its function returns.
type upstreamConn struct {
	net.Conn
	r     *bufio.Reader
	place int64 // 1 for the first connection
}

func newFakeUpstream(t *testing.T, serve func(*upstreamConn)) *fakeUpstream {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &fakeUpstream{url: "http://" + l.Addr().String() + "/service", listener: l}
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[c] = true
			mu.Unlock()
			place := u.connections.Add(1)
			running.Go(func() {
				serve(&upstreamConn{c, bufio.NewReader(c), place})
				c.Close()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for c := range open {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return u
}

// request reads one, and reports whether there was one.
func (c *upstreamConn) request() bool {
	r, err := http.ReadRequest(c.r)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil
}

// answer says something; a peer that has gone shows at the next request.
func (c *upstreamConn) answer(text string) bool {
	_, err := io.WriteString(c, text)
	return err == nil
}

const relayed = "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok"

func TestUpstreamAnswers(t *testing.T) {
	big := strings.Repeat("0123456789", 50_000)
	for name, test := range map[string]struct {
		answer       string
		status       string
		kind, body   string
		connections  int64 // for three calls
		closesBefore bool  // the upstream closes without an answer
	}{
		"kept": {answer: relayed, status: "200 OK", kind: "a/b", body: "ok", connections: 1},
		"no type": {answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", status: "200 OK",
			kind: data, body: "ok", connections: 1},
		"201": {answer: "HTTP/1.1 201 Created\r\nContent-Type: a/b\r\nContent-Length: 0\r\n\r\n",
			status: "201 Created", kind: "a/b", connections: 1},
		"interim first": {answer: "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + relayed,
			status: "200 OK", kind: "a/b", body: "ok", connections: 1},
		"chunked": {
			answer: "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: " +
				"chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n", status: "200 OK", kind: "a/b", body: "ok",
			connections: 1},
		"large": {
			answer: "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 500000\r\n\r\n" + big,
			status: "200 OK", kind: "a/b", body: big, connections: 1},
		"closing": {
			answer: "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nConnection: close\r\n" +
				"Content-Length: 2\r\n\r\nok", status: "200 OK", kind: "a/b", body: "ok", connections: 3},
		"out of step": {answer: relayed + "HTTP/1.1 200 OK\r\n", status: "200 OK", kind: "a/b",
			body: "ok", connections: 3},
		"500": {answer: "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
			status: "502 Bad Gateway", body: "the upstream %s answered 500", connections: 1},
		"redirect": {answer: "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
			status: "502 Bad Gateway", body: "the upstream %s answered 302", connections: 1},
		"garbage": {answer: "220 mail.example ESMTP\r\n", status: "502 Bad Gateway",
			body: "the call to the upstream %s failed", connections: 3},
		"too large": {answer: "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n",
			status: "502 Bad Gateway", body: "the call to the upstream %s failed", connections: 3},
		"hangs up": {closesBefore: true, status: "502 Bad Gateway",
			body: "the call to the upstream %s failed", connections: 3},
		"hangs up amid": {answer: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", closesBefore: true,
			status: "502 Bad Gateway", body: "the call to the upstream %s failed", connections: 3},
		"ends with life": {answer: "HTTP/1.0 200 OK\r\nContent-Type: a/b\r\n\r\nok", closesBefore: true,
			status: "200 OK", kind: "a/b", body: "ok", connections: 3},
	} {
		t.Run(name, func(t *testing.T) {
			eachMode(t, func(t *testing.T, mode string) {
				u := newFakeUpstream(t, func(c *upstreamConn) {
					for c.request() && c.answer(test.answer) && !test.closesBefore {
					}
				})
				v := serve(t, mode, servers.Config{Upstream: u.url})
				kind, body := test.kind, test.body
				if kind == "" {
					kind, body = json, `{"error":"`+fmt.Sprintf(body, u.url)+`"}`
				}
				c := v.dial(t)
				for range 2 {
					c.send(get("/api?ms=1"))
					c.expect(reply(test.status, kind, body))
				}
				c.ask(get("/api?ms=1", closes), reply(test.status, kind, body, closes))
				if n := u.connections.Load(); n != test.connections {
					t.Errorf("three calls made %d connections, want %d", n, test.connections)
				}
			})
		})
	}
}

// TestUpstreamRetry has the upstream end kept connections in the ways in which real ones do: a
// request that met such a connection is sent again on a new one, once.
func TestUpstreamRetry(t *testing.T) {
	const failed = `{"error":"the call to the upstream %s failed"}`
	for name, test := range map[string]struct {
		serve func(c *upstreamConn)
		want  string // of the second call; the first is relayed
		conns int64
	}{
		"ends after the answer": {func(c *upstreamConn) {
			if c.request() {
				c.answer(relayed)
			}
		}, relayed, 2},
		"ends instead of a second answer": {func(c *upstreamConn) {
			if c.request() && c.answer(relayed) {
				c.request()
			}
		}, relayed, 2},
		"resets instead of a second answer": {func(c *upstreamConn) {
			if c.request() && c.answer(relayed) {
				if _, err := c.Read(make([]byte, 1)); err == nil { // and the rest of the request is not read
					c.Close()
				}
			}
		}, relayed, 2},
		"begins a second answer": {func(c *upstreamConn) {
			if c.request() && c.answer(relayed) && c.request() {
				c.answer("HTTP/1.1 2")
			}
		}, failed, 1},
		"ends the new one too": {func(c *upstreamConn) {
			if c.request() && c.place == 1 && c.answer(relayed) {
				c.request()
			}
		}, failed, 2},
	} {
		t.Run(name, func(t *testing.T) {
			eachMode(t, func(t *testing.T, mode string) {
				u := newFakeUpstream(t, test.serve)
				v := serve(t, mode, servers.Config{Upstream: u.url})
				c := v.dial(t)
				c.send(get("/api?ms=1"))
				c.expect(reply("200 OK", "a/b", "ok"))
				want := reply("200 OK", "a/b", "ok", closes)
				if test.want == failed {
					want = reply("502 Bad Gateway", json, fmt.Sprintf(failed, u.url), closes)
				}
				c.ask(get("/api?ms=1", closes), want)
				if n := u.connections.Load(); n != test.conns {
					t.Errorf("two calls made %d connections, want %d", n, test.conns)
				}
			})
		})
	}
}

func TestUpstreamDown(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		u := newFakeUpstream(t, nil)
		u.listener.Close()
		v := serve(t, mode, servers.Config{Upstream: u.url})
		v.dial(t).ask(get("/api", closes), reply("502 Bad Gateway", json,
			`{"error":"the upstream `+u.url+` refused the connection: is it running?"}`, closes))
		v = serve(t, mode, servers.Config{})
		v.dial(t).ask(get("/api", closes), reply("502 Bad Gateway", json,
			`{"error":"no upstream is configured: the server was started without the URL of one"}`, closes))
	})
}

// TestUpstreamConcurrent has calls overlap: each needs a connection of its own, and those are used
// again.
func TestUpstreamConcurrent(t *testing.T) {
	const calls = 8
	eachMode(t, func(t *testing.T, mode string) {
		var together sync.WaitGroup
		u := newFakeUpstream(t, func(c *upstreamConn) {
			for c.request() {
				together.Done()
				together.Wait() // no call is answered before all are there
				if !c.answer(relayed) {
					return
				}
			}
		})
		v := serve(t, mode, servers.Config{Upstream: u.url, PoolSize: calls})
		var clients [calls]*client
		for i := range clients {
			clients[i] = v.dial(t)
		}
		for range 3 {
			together.Add(calls)
			for _, c := range clients {
				c.send(get("/api?ms=1"))
			}
			for _, c := range clients {
				c.expect(reply("200 OK", "a/b", "ok"))
			}
		}
		if n := u.connections.Load(); n != calls {
			t.Errorf("%d connections were made for %d calls at once, three times", n, calls)
		}
		v.stop()
	})
}
