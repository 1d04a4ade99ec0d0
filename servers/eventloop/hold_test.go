package eventloop_test

import (
	"runtime"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

// A loop that holds the only processor there is hears what others post, both idle and while a byte
// goes to and fro between two of its own connections, when no wait is ever long; and its timers end
// no earlier.
func TestHold(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	l := start(t, 1)
	on(t, l, func() { l.KeepProcessor(time.Millisecond) })
	_, addr := listen(t, l, echo)
	for range 20 {
		on(t, l, func() {})
	}
	there := 0
	connect(t, l, parse(addr), &handler{data: func(c *eventloop.Conn, b []byte) {
		there++
		c.Write(b)
	}}, func(c *eventloop.Conn) { c.Write([]byte("x")) })
	until(t, l, func() bool { return there > 1000 })
	for _, wait := range []time.Duration{time.Millisecond, 5 * time.Millisecond} {
		took := make(chan time.Duration, 1)
		on(t, l, func() {
			var timer eventloop.Timer
			set := l.Now() // a timer counts from the time of its turn, which may have been a while
			timer.Init(l, func() { took <- time.Since(set) })
			timer.Set(wait)
		})
		if d := receive(t, took); d < wait {
			t.Errorf("a timer of %v took %v", wait, d)
		}
	}
}

// A loop that dozes serves its sockets again when it is told to, and those that came meanwhile.
func TestDoze(t *testing.T) {
	l := start(t, 1)
	_, addr := listen(t, l, echo)
	peer := dial(t, addr)
	on(t, l, func() { l.Doze(true) })
	if _, err := peer.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	on(t, l, func() { l.Doze(false) })
	peer.SetReadDeadline(time.Now().Add(patience))
	if _, err := peer.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

// What came to a loop that dozed is served before what is posted: a closed connection is known to
// be closed.
func TestDozeKnowsWhatWasClosed(t *testing.T) {
	l := start(t, 1)
	accepted, closed := false, false
	_, addr := listen(t, l, func(c *eventloop.Conn) eventloop.Handler {
		accepted = true
		return &handler{conn: c, data: func(c *eventloop.Conn, _ []byte) { c.Finish() },
			closed: func(error) { closed = true }}
	})
	peer := dial(t, addr)
	until(t, l, func() bool { return accepted })
	on(t, l, func() { l.Doze(true) })
	for !l.Dozes() {
		runtime.Gosched()
	}
	peer.Close()
	on(t, l, func() {
		if !closed {
			t.Error("the connection was closed, and the loop does not know")
		}
	})
}
