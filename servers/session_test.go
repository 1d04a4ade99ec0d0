package servers

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"nodecompare/servers/http1"
	"nodecompare/servers/postgres"
	"nodecompare/servers/workload"
)

// tap is a wire that keeps what is written, and an IO whose waits a test ends.
type tap struct {
	sent     []byte
	finished int
	holds    bool // every write asks to hold back
	crowded  bool
	waits    []func() // nil when waits are over at once
	defers   bool
}

func (w *tap) write(b []byte) bool { w.sent = append(w.sent, b...); return !w.holds }
func (w *tap) finish()             { w.finished++ }
func (w *tap) unix() int64         { return 0 }
func (w *tap) yield() bool         { return w.crowded }
func (w *tap) lagged() bool        { return false }

func (w *tap) writeFile([]byte, *os.File, *http1.Part) bool {
	panic("no test sends a file")
}

func (w *tap) Wait(x *workload.Exchange, _ time.Duration, then func(*workload.Exchange)) {
	if !w.defers {
		then(x)
		return
	}
	w.waits = append(w.waits, func() { then(x) })
}

func (w *tap) Get(*workload.Exchange, *url.URL, func(*workload.Exchange, workload.Reply, error)) {
	panic("no test asks an upstream")
}

func (w *tap) GetAll(*workload.Exchange, []workload.Call, time.Duration, func(*workload.Exchange)) {
	panic("no test asks an upstream")
}

func (w *tap) Query(*workload.Exchange, postgres.Talk, func(*workload.Exchange, error)) {
	panic("no test asks a database")
}

func (w *tap) Stream(*workload.Exchange, string, workload.Source) {
	panic("no test streams")
}

func (w *tap) Upgrade(*workload.Exchange, string, workload.Receiver) {
	panic("no test upgrades")
}

func (w *tap) SendFile(*workload.Exchange, *os.File) {
	panic("no test sends a file")
}

func (w *tap) Offload(*workload.Exchange, func(), func(*workload.Exchange)) {
	panic("no test offloads")
}

// conversing is a session with its tap. The Service is one that has no data: hello, wait and echo
// need none.
type conversing struct {
	session
	tap
	out []byte
}

func newConversing() *conversing {
	c := &conversing{}
	c.session.init(new(workload.Service), &c.tap, &c.tap, nil, &c.out)
	return c
}

// give brings bytes as a model does, which reads no more while a handler waits or responses are
// held back. The bytes' buffer is used for other things afterwards.
func (c *conversing) give(text string) {
	b := []byte(text)
	c.receive(b)
	for i := range b {
		b[i] = '#'
	}
	c.settle()
}

func (c *conversing) settle() {
	for c.busy || c.held {
		for _, then := range c.waits {
			c.waits = c.waits[1:]
			then()
		}
		if c.held {
			c.resume()
		}
	}
}

const (
	chunkedEcho = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " +
		"chunked\r\n\r\n3;a=b\r\nabc\r\n5\r\ndefgh\r\n0\r\nA: b\r\n\r\n"
	sizedEcho = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: a/b\r\nContent-Length: 12\r\n\r\nGET / HTTP/1"
	pipeline  = "GET / HTTP/1.1\r\nHost: x\r\n\r\n" + chunkedEcho +
		"GET /wait?ms=7 HTTP/1.1\r\nHost: x\r\n\r\n" + sizedEcho +
		"\r\nHEAD /wait?ms=8 HTTP/1.1\r\nHost: x\r\n\r\n" +
		"GET /wait?ms=9 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
)

// TestSessionIsTheSameHoweverRequestsAreCut cuts a pipeline at every place, and at many others
// behind it.
func TestSessionIsTheSameHoweverRequestsAreCut(t *testing.T) {
	reference := newConversing()
	reference.give(pipeline)
	want := string(reference.sent)
	for _, part := range []string{"\r\n\r\nabcdefgh", "\r\n\r\nGET / HTTP/1", `{"waited_ms":7}`, `{"waited_ms":9}`} {
		if strings.Count(want, part) != 1 {
			t.Fatalf("%q is not there once in %q", part, want)
		}
	}
	for _, kind := range []struct{ holds, defers bool }{{false, false}, {false, true}, {true, false}, {true, true}} {
		for i := range pipeline {
			for j := i; j < len(pipeline); j += 11 {
				c := newConversing()
				c.holds, c.defers = kind.holds, kind.defers
				for _, piece := range []string{pipeline[:i], pipeline[i:j], pipeline[j:]} {
					c.give(piece)
				}
				if string(c.sent) != want || c.finished != 1 || len(c.out) > 0 || c.in != nil {
					t.Fatalf("%+v, cut at %d and %d: finished %d times, %d and %d bytes left\ngot  %q\nwant %q", kind,
						i, j, c.finished, len(c.out), len(c.in), c.sent, want)
				}
			}
		}
	}
}

func TestSessionContinues(t *testing.T) {
	head, body := sizedEcho[:len(sizedEcho)-12], sizedEcho[len(sizedEcho)-12:]
	head = strings.Replace(head, "Host", "Expect: 100-continue\r\nHost", 1)
	for name, test := range map[string]struct {
		pieces []string
		want   int
	}{
		"head alone":     {[]string{head, body[:3], body[3:]}, 1},
		"behind another": {[]string{sizedEcho + head, body}, 1},
		"head cut":       {[]string{head[:30], head[30:], body}, 1},
		"with the body":  {[]string{head + body}, 0}, // the client did not wait (RFC 9110, section 10.1.1)
	} {
		c := newConversing()
		for _, piece := range test.pieces {
			c.give(piece)
		}
		if n := bytes.Count(c.sent, []byte(http1.Continue)); n != test.want ||
			!bytes.HasSuffix(c.sent, []byte("\r\n\r\n"+body)) {
			t.Errorf("%s: %d times Continue, want %d: %q", name, n, test.want, c.sent)
		}
	}
}

func TestSessionDrains(t *testing.T) {
	const wait = "GET /wait?ms=7 HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, test := range map[string]struct {
		arrived string
		want    string // of the response that is made after drain, or ""
	}{
		"idle":           {"", ""},
		"half a request": {wait[:20], ""},
		"busy":           {wait, "Connection: close\r\n\r\n{\"waited_ms\":7}"},
		"busy, pipeline": {wait + wait, "Connection: close\r\n\r\n{\"waited_ms\":7}"},
	} {
		c := newConversing()
		c.defers = true
		c.receive([]byte(test.arrived))
		c.drain()
		if busy := test.want != ""; (c.finished == 0) != busy {
			t.Errorf("%s: finished %d times", name, c.finished)
		}
		c.settle()
		c.receive([]byte(wait))
		c.settle()
		if c.finished != 1 || !strings.HasSuffix(string(c.sent), test.want) ||
			strings.Count(string(c.sent), "HTTP/1.1 ") != min(1, len(test.want)) {
			t.Errorf("%s: finished %d times with %q, want %q", name, c.finished, c.sent, test.want)
		}
	}
}

// TestSessionMemory keeps a quiet connection small, whatever came over it before.
func TestSessionMemory(t *testing.T) {
	c := newConversing()
	large := strings.Repeat("x", 1<<20)
	c.give(fmt.Sprintf("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(large),
		large[:len(large)-1]))
	c.give("x")
	if len(c.sent) < len(large) || cap(c.in) > keepSize || cap(c.out) > 4*flushSize {
		t.Errorf("%d bytes sent; %d and %d bytes are kept for the next request", len(c.sent), cap(c.in), cap(c.out))
	}
}

// TestSessionAllocatesNothing guards the path of the two workloads that measure the models
// themselves.
func TestSessionAllocatesNothing(t *testing.T) {
	for _, target := range []string{"/", "/wait?ms=50"} {
		c := newConversing()
		request := []byte("GET " + target + " HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\r\n")
		if n := testing.AllocsPerRun(100, func() {
			c.sent = c.sent[:0]
			c.receive(request)
		}); n != 0 {
			t.Errorf("%s: %.0f allocations", target, n)
		}
	}
}

// ticking is a source of numbers.
type ticking struct{ made, closed int }

func (s *ticking) Next(b []byte, now time.Time) ([]byte, time.Time) {
	s.made++
	return fmt.Appendf(b, "%d,", s.made), now
}

func (s *ticking) Close() { s.closed++ }

// What a stream makes while its wire is full is dropped, and does not come later.
func TestAStreamDropsWhatItsWireCannotTake(t *testing.T) {
	c, source := newConversing(), &ticking{}
	c.busy = true
	c.stream("a/b", source)
	ticks := func(n int) {
		for range n {
			if _, goes := c.tick(time.Time{}); !goes {
				t.Error("the stream is over")
			}
		}
	}
	ticks(2)
	c.holds = true
	ticks(1000)
	c.holds = false
	c.resume()
	ticks(1)
	c.receive([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	if !strings.HasSuffix(string(c.sent), "\r\n\r\n1,2,3,1003,") || len(c.out) > 0 || len(c.in) > 0 {
		t.Errorf("%q, and %d and %d bytes left", c.sent, len(c.out), len(c.in))
	}
	c.ended()
	if _, goes := c.tick(time.Time{}); goes || source.closed != 1 || c.finished != 1 {
		t.Errorf("it goes on: %v, closed %d times, finished %d times", goes, source.closed, c.finished)
	}
}
