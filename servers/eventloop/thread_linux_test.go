package eventloop_test

import (
	"syscall"
	"testing"

	"nodecompare/servers/eventloop"
)

// Timers, sockets, posted functions and completions all run on the one thread, and work does not.
func TestEveryHandlerRunsOnTheLoopsThread(t *testing.T) {
	l := start(t, 2)
	var thread int
	on(t, l, func() { thread = syscall.Gettid() })
	seen := make(chan string, 16)
	here := func(what string) {
		if got := syscall.Gettid(); got != thread {
			t.Errorf("%s ran on thread %d, the loop's is %d", what, got, thread)
		}
		seen <- what
	}
	server, peer := accepted(t, l, &handler{
		data:   func(_ *eventloop.Conn, _ []byte) { here("data") },
		closed: func(error) { here("closed") },
	})
	var timer eventloop.Timer
	timer.Init(l, func() { here("timer") })
	on(t, l, func() {
		timer.Set(0)
		l.Work(func() {
			if syscall.Gettid() == thread {
				t.Error("work ran on the loop's thread")
			}
		}, func() { here("completion") })
	})
	mustWrite(t, peer, []byte("x"))
	for range 3 {
		receive(t, seen)
	}
	on(t, l, server.Close)
	if what := receive(t, seen); what != "closed" {
		t.Errorf("got %q, want the close", what)
	}
}
