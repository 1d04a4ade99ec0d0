package eventloop_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"nodecompare/servers/eventloop"
)

// One turn in which every phase has something to do shows the order: the turn begins while all of
// it is pending.
func TestPhasesRunInTheDocumentedOrder(t *testing.T) {
	l := start(t, 1)
	var order []string
	first := true
	var timer eventloop.Timer
	closed := make(chan struct{})
	_, peer := accepted(t, l, &handler{
		data: func(c *eventloop.Conn, _ []byte) {
			order = append(order, "poll")
			if first {
				first = false
				l.Post(func() {
					order = append(order, "posted")
					c.Close()
					order = append(order, "still posted")
				})
			}
		},
		closed: func(error) {
			order = append(order, "close")
			close(closed)
		},
	})
	timer.Init(l, func() { order = append(order, "timers") })

	on(t, l, func() {
		timer.Set(0)
		// The bytes are in this machine's memory when Write returns, so the next poll finds them.
		mustWrite(t, peer, []byte("x"))
	})
	receive(t, closed)
	if diff := cmp.Diff([]string{"timers", "poll", "posted", "still posted", "close"}, order); diff != "" {
		t.Error(diff)
	}
}

func TestAConnectionIsClosedOnceAfterTheHandlersThatStillRun(t *testing.T) {
	l := start(t, 1)
	var calls []string
	closed := make(chan error, 2)
	server, peer := accepted(t, l, &handler{
		data:   func(_ *eventloop.Conn, _ []byte) { calls = append(calls, "data") },
		closed: func(err error) { calls = append(calls, "closed"); closed <- err },
	})
	on(t, l, func() {
		mustWrite(t, peer, []byte("unread"))
		server.Close()
		server.Close()
		server.Finish()
		server.PauseRead()
		server.ResumeRead()
		server.SetIdle(1)
		server.SetDeadline(1)
		if !server.Write([]byte("nobody gets this")) {
			t.Error("a closed connection asks its writer to wait for Drained, which will not come")
		}
	})
	if err := receive(t, closed); err != nil {
		t.Errorf("closed by this side: got %v, want nil", err)
	}
	on(t, l, func() {})
	if diff := cmp.Diff([]string{"closed"}, calls); diff != "" {
		t.Error(diff)
	}
}

func TestClosedMayOpenAnotherConnection(t *testing.T) {
	l := start(t, 1)
	_, addr := listen(t, l, echo)
	again := make(chan error, 1)
	first, _ := accepted(t, l, &handler{closed: func(error) {
		// Its descriptor has been given back just now: the new connection gets the same number.
		c, err := l.Dial(parse(addr), &handler{data: func(_ *eventloop.Conn, b []byte) {
			if string(b) == "hello" {
				again <- nil
			}
		}})
		if err != nil {
			again <- err
			return
		}
		c.Write([]byte("hello"))
	}})
	on(t, l, first.Close)
	if err := receive(t, again); err != nil {
		t.Error(err)
	}
}

func TestNewRefusesAPoolWithoutWorkers(t *testing.T) {
	for _, n := range []int{0, -1} {
		if _, err := eventloop.New(n); err == nil {
			t.Errorf("New(%d): no error", n)
		}
	}
}
