package servers_test

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"

	"nodecompare/servers"
)

// subscription reads the events of a response whose head, up to its empty line, has been read.
type subscription struct {
	*bufio.Reader
	t testing.TB
}

func subscribe(c *client, fields ...string) subscription {
	c.t.Helper()
	c.send(get("/live?rate=50", fields...))
	s := subscription{bufio.NewReader(c), c.t}
	head := undated(s.until("\r\n\r\n"))
	const want = "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n" +
		"Connection: close\r\n\r\n"
	if head != want {
		c.t.Fatalf("got  %q\nwant %q", head, want)
	}
	return s
}

func (s subscription) until(end string) string {
	s.t.Helper()
	var b []byte
	for !strings.HasSuffix(string(b), end) {
		c, err := s.ReadByte()
		if err != nil {
			s.t.Fatalf("%v after %q", err, b)
		}
		b = append(b, c)
	}
	return string(b)
}

// event is a tick's id, due time and count of subscribers.
func (s subscription) event() (id, due, subscribers int64) {
	s.t.Helper()
	const form = "id: %d\ndata: {\"due_us\":%d,\"subscribers\":%d,"
	text := s.until("\n\n")
	if _, err := fmt.Sscanf(text, form, &id, &due, &subscribers); err != nil || !strings.HasSuffix(text, "}\n\n") {
		s.t.Fatalf("the event %q: %v", text, err)
	}
	return id, due, subscribers
}

// ticks reads some events of 20 ms each, and checks that the ids say which of them came.
func (s subscription) ticks(first int64) {
	s.t.Helper()
	if got := s.until("\n\n"); got != "retry: 1000\n\n" {
		s.t.Errorf("it begins with %q", got)
	}
	id, begun, _ := s.event()
	if id != first {
		s.t.Errorf("the first id is %d, want %d", id, first)
	}
	for range 5 {
		next, due, _ := s.event()
		if next <= id || due-begun != (next-first)*20_000 {
			s.t.Errorf("id %d after %d is due %d us after the first", next, id, due-begun)
		}
		id = next
	}
}

func TestLive(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		v := serve(t, mode, servers.Config{PoolSize: 3})
		v.dial(t).ask(request("HEAD", "/live", "", closes),
			"HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"+
				closes+"\r\n\r\n")
		one, other := v.dial(t), v.dial(t)
		subscribe(one).ticks(1)
		again := subscribe(other, "Last-Event-ID: 41")
		again.ticks(42)
		// what a subscriber says is nobody's request, and one that goes is noticed
		one.send(get("/"))
		if err := one.Close(); err != nil {
			t.Error(err)
		}
		for {
			if _, _, subscribers := again.event(); subscribers == 1 {
				break
			}
		}
		v.stop() // a stream does not hold it up
		if _, err := io.Copy(io.Discard, again); err != nil {
			t.Errorf("at the end: %v", err)
		}
	})
}
