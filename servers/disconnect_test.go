package servers_test

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"nodecompare/servers"
)

// TestClientsThatLeave has clients go away at every stage of a request, in good form and with a
// reset. The server goes on, and holds no descriptor for any of them; that no goroutine is left is
// serve's to check.
func TestClientsThatLeave(t *testing.T) {
	for name, leave := range map[string]func(*testing.T, *client){
		"closing": func(t *testing.T, c *client) {},
		"resetting": func(t *testing.T, c *client) {
			if err := c.SetLinger(0); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachModeAlone(t, func(t *testing.T, mode string) {
				g := newGate(t)
				v := serve(t, mode, servers.Config{Upstream: g.url, PoolSize: 16, Workers: 2})
				if _, err := keepAlive(v, 1); err != nil {
					t.Fatal(err)
				}
				v.dial(t).ask(get("/stream", "Range: bytes=0-9", closes), partial(0, 9, closes)) // opens the video
				descriptors := openDescriptors(t)
				for _, send := range []string{
					"",
					"GET / HT",
					strings.TrimSuffix(request("POST", "/echo", "12345"), "345"),
					get("/"),
					get("/wait?ms=20"),
					get("/wait?ms=20") + get("/wait?ms=20") + get("/"),
					get("/api"),
					get("/file"),
					strings.Repeat(get("/file"), 50),
					get("/stream"),
					get("/stream", closes),
					strings.Repeat(get("/stream", "Range: bytes=0-9999999"), 3),
					request("POST", "/login", `{"user":"mango","password":"engineers"}`),
					request("POST", "/echo", strings.Repeat("x", 1<<19)),
					"nonsense\r\n\r\n" + strings.Repeat("x", 1<<16),
				} {
					c := v.dial(t)
					c.send(send)
					if strings.Contains(send, "/api") {
						<-g.arrived // its handler waits
					}
					leave(t, c)
					if err := c.Close(); err != nil {
						t.Error(err)
					}
					if _, err := keepAlive(v, 1); err != nil {
						t.Errorf("after %.40q: %v", send, err)
					}
				}
				close(g.open)
				// The connection to the gate is kept for the next call, at both of its ends in this
				// process.
				eventually(t, "the clients' descriptors are closed",
					func() bool { return openDescriptors(t) <= descriptors+2 })
			})
		})
	}
}

// TestHalfClose has a client end its stream when it has asked everything: all of it is still
// answered.
func TestHalfClose(t *testing.T) {
	up := upstream(t)
	eachMode(t, func(t *testing.T, mode string) {
		v := serve(t, mode, servers.Config{Upstream: up})
		c := v.dial(t)
		c.send(get("/wait?ms=5") + get("/") + get("/api?ms=5") + get("/nope") + "GET / HT")
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		want := reply("200 OK", json, `{"waited_ms":5}`) + reply("200 OK", html, hello) +
			reply("200 OK", json, `{"service":"upstream","waited_ms":5}`) + reply("404 Not Found", text, "Not Found\n")
		if got := c.rest(); got != want {
			t.Error(difference(got, want))
		}
	})
}

// TestStoppingLeavesNothing counts descriptors over a server's whole life.
func TestStoppingLeavesNothing(t *testing.T) {
	eachModeAlone(t, func(t *testing.T, mode string) {
		g := newFakeUpstream(t, func(c *upstreamConn) {
			for c.request() && c.answer(relayed) {
			}
		})
		once := func() {
			v := serve(t, mode, servers.Config{Upstream: g.url, Loops: 2, PoolSize: 3})
			kept := v.dial(t)
			kept.send(get("/api") + get("/db?id=7") + get("/file"))
			kept.expect(reply("200 OK", "a/b", "ok"))
			result := v.shutdown(t.Context())
			kept.gone()
			kept.Close()
			if err := <-result; err != nil {
				t.Error(err)
			}
			v.ended()
		}
		once() // what Go's own poller needs stays open
		before := openDescriptors(t)
		for range 3 {
			once()
		}
		eventually(t, "all descriptors are closed", func() bool { return openDescriptors(t) <= before })
	})
}

// openDescriptors counts this process's, one more for the counting.
func openDescriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// eventually waits for something that other goroutines bring about.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("it never comes to be that %s", what)
		}
	}
}
