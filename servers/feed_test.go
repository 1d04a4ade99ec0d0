package servers_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"nodecompare/servers"
	"nodecompare/servers/workload"
)

// feeds are what a server answers to users whose parts come in different ways, with %s for the
// upstream's URL.
var feeds = map[string]struct{ user, status, body string }{
	"late part": {"1001", "200 OK", `{"user":1001,"profile":{"of":"profile"},"posts":null,` +
		`"notifications":{"of":"notifications"},"missing":{"posts":"the upstream %s did not answer in time"}}`},
	"bad parts": {"1002", "200 OK", `{"user":1002,"profile":null,"posts":{"of":"posts"},"notifications":null,` +
		`"missing":{"profile":"the upstream %s answered 503",` +
		`"notifications":"the upstream %s answered something that is no JSON"}}`},
	"a part that drips": {"1004", "200 OK", `{"user":1004,"profile":{"of":"profile"},"posts":null,` +
		`"notifications":{"of":"notifications"},"missing":{"posts":"the upstream %s did not answer in time"}}`},
	"nothing": {"1003", "502 Bad Gateway", `{"error":"the upstream %s answered 500"}`},
}

// feedUpstream is one whose answers depend on the part and the user.
func feedUpstream(t *testing.T) string {
	return newFakeUpstream(t, func(c *upstreamConn) {
		for {
			r, err := http.ReadRequest(c.r)
			if err != nil {
				return
			}
			q := r.URL.Query()
			part, status, body := q.Get("part"), "200 OK", `{"of":"`+q.Get("part")+`"}`
			switch q.Get("user") + " " + part {
			case "1001 posts":
				c.request() // never answered: it ends with the caller's patience
				return
			case "1004 posts":
				for c.answer("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"); c.answer("\n"); {
					<-time.After(50 * time.Millisecond)
				}
				return
			case "1002 profile":
				status, body = "503 No", ""
			case "1002 notifications":
				body = `{"of":`
			case "1003 profile", "1003 posts", "1003 notifications":
				status = "500 No"
			}
			if !c.answer("HTTP/1.1 " + status + "\r\nContent-Length: " + itoa(len(body)) + "\r\n\r\n" + body) {
				return
			}
		}
	}).url
}

// A feed is what came of its parts in time, and says what is missing.
func TestPartialFeed(t *testing.T) {
	t.Parallel()
	up := feedUpstream(t)
	var clients sync.WaitGroup
	for _, m := range servers.Own() {
		v := serve(t, m.Name, servers.Config{Upstream: up, PoolSize: len(feeds)})
		for name, test := range feeds {
			c := v.dial(t)
			clients.Go(func() {
				c.send(get("/feed?user="+test.user, closes))
				want := reply(test.status, json, strings.ReplaceAll(test.body, "%s", up), closes)
				if got := c.rest(); got != want {
					t.Errorf("%s, %s:\ngot  %s\nwant %s", m.Name, name, got, want)
				}
			})
		}
	}
	clients.Wait()
}

// Non-blocking modes and goroutine ask for all parts at once, a blocking thread for one after the
// other.
func TestFeedAsksAtOnce(t *testing.T) {
	const soon = 50 * time.Millisecond // for which a thread that asks one after the other is watched
	eachMode(t, func(t *testing.T, mode string) {
		atOnce := mode == "async" || mode == "goroutine"
		asked, answer := make(chan string, 3), make(chan struct{})
		u := newFakeUpstream(t, func(c *upstreamConn) {
			for c.request() {
				asked <- mode
				<-answer
				c.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
			}
		})
		c := serve(t, mode, servers.Config{Upstream: u.url}).dial(t)
		c.send(get("/feed?user=1", closes))
		first := 1
		if atOnce {
			first = 3
		}
		for range first {
			<-asked
		}
		if !atOnce {
			select {
			case <-asked:
				t.Error("it asked for a second part before it had the first")
			case <-time.After(soon):
			}
		}
		close(answer)
		c.expect(reply("200 OK", json, `{"user":1,"profile":{},"posts":{},"notifications":{}}`, closes))
		if n, want := u.connections.Load(), int64(first); n != want {
			t.Errorf("it made %d connections to the upstream, want %d", n, want)
		}
	})
}

// The answer that the load takes for a whole one is what every mode gives.
func TestWholeFeed(t *testing.T) {
	for _, w := range workload.All {
		if w.Whole == "" {
			continue
		}
		v := serve(t, "async", servers.Config{Upstream: upstream(t)})
		v.dial(t).ask(get(w.Target, closes), reply("200 OK", json, w.Whole, closes))
	}
}

// What a handler computed before, in the same turn of a loop, is not of the time that a feed's
// parts have.
func TestFeedBehindWhatComputes(t *testing.T) {
	v := serve(t, "async", servers.Config{Upstream: feedUpstream(t)})
	busy, asks := v.dial(t), v.dial(t)
	busy.send(get("/cpu?ms=300")) // while which both of the next come
	time.Sleep(100 * time.Millisecond)
	busy.send(get("/cpu?ms=1500", closes)) // more than a part may take
	asks.send(get("/feed?user=1", closes))
	asks.expect(reply("200 OK", json, `{"user":1,"profile":{"of":"profile"},"posts":{"of":"posts"},`+
		`"notifications":{"of":"notifications"}}`, closes))
}
