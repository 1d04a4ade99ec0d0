package eventloop_test

import (
	"errors"
	"io"
	"net"
	"testing"

	"nodecompare/servers/eventloop"
)

func TestAcceptMayCloseAtOnce(t *testing.T) {
	l := start(t, 1)
	closed := make(chan error, 1)
	_, addr := listen(t, l, func(c *eventloop.Conn) eventloop.Handler {
		c.Write([]byte("full"))
		c.Close()
		return &handler{
			data:   func(_ *eventloop.Conn, _ []byte) { t.Error("data on a closed connection") },
			closed: func(err error) { closed <- err },
		}
	})
	for range 20 {
		peer := dial(t, addr)
		if got, err := io.ReadAll(peer); err != nil || string(got) != "full" {
			t.Errorf("got %q, %v", got, err)
		}
		if err := receive(t, closed); err != nil {
			t.Errorf("closed with %v, want nil", err)
		}
	}
}

// Two clients wait in the backlog when the first one's accept closes the listener: the second is
// not accepted any more.
func TestClosingAListenerInsideAcceptEndsAccepting(t *testing.T) {
	l := start(t, 1)
	accepted, closed := 0, make(chan struct{})
	var ln *eventloop.Listener
	ln, addr := listen(t, l, func(c *eventloop.Conn) eventloop.Handler {
		accepted++
		ln.Close(func() { close(closed) })
		c.Write([]byte("hello"))
		return &handler{}
	})
	var peers []net.Conn
	on(t, l, func() {
		for range 3 {
			peer, err := net.Dial("tcp", addr) // the kernel makes the connection, the loop is busy here
			if err != nil {
				t.Error(err)
				continue
			}
			peers = append(peers, peer)
		}
	})
	receive(t, closed)
	on(t, l, func() {
		if accepted != 1 {
			t.Errorf("%d connections were accepted, want 1", accepted)
		}
	})
	for i, peer := range peers {
		b := make([]byte, 5)
		if _, err := io.ReadFull(peer, b); (err == nil) != (i == 0) {
			t.Errorf("client %d: read %q, %v", i, b, err)
		}
		if err := peer.Close(); err != nil {
			t.Error(err)
		}
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		t.Error("the port still answers")
		c.Close()
	}
}

// The listener is closed in the turn in which clients are waiting for it, by a timer that runs
// before the poll.
func TestClosingAListenerWithClientsWaiting(t *testing.T) {
	l := start(t, 1)
	closed := make(chan struct{})
	var timer eventloop.Timer
	var ln *eventloop.Listener
	ln, addr := listen(t, l, func(*eventloop.Conn) eventloop.Handler {
		t.Error("accepted after Close")
		return &handler{}
	})
	timer.Init(l, func() { ln.Close(func() { close(closed) }) })
	var peer net.Conn
	var err error
	on(t, l, func() {
		peer, err = net.Dial("tcp", addr)
		timer.Set(0)
	})
	if err != nil {
		t.Fatal(err)
	}
	receive(t, closed)
	if _, err := peer.Read(make([]byte, 1)); err == nil || errors.Is(err, net.ErrClosed) {
		t.Errorf("read from a connection that nobody accepted: %v", err)
	}
	if err := peer.Close(); err != nil {
		t.Error(err)
	}
}

// In one turn many connections end and as many come, so that the new ones get the old ones'
// descriptors. Each must hear from its own peer only.
func TestDescriptorsReusedWithinATurnDoNotMixConnections(t *testing.T) {
	l := start(t, 1)
	const n, rounds = 50, 20
	live := 0
	_, addr := listen(t, l, func(c *eventloop.Conn) eventloop.Handler {
		live++
		name := byte(0)
		return &handler{
			data: func(c *eventloop.Conn, b []byte) {
				if len(b) == 0 {
					c.Close()
					return
				}
				for _, got := range b {
					if name == 0 {
						name = got
					}
					if got != name {
						t.Errorf("connection %d got a byte of connection %d", name, got)
					}
				}
				c.Write(b)
			},
			closed: func(err error) {
				live--
				if err != nil && !errors.Is(err, eventloop.ErrStopped) {
					t.Errorf("connection %d closed with %v", name, err)
				}
			},
		}
	})
	old := make([]*net.TCPConn, n)
	for i := range old {
		old[i] = dial(t, addr)
	}
	for round := range rounds {
		next := make([]*net.TCPConn, n)
		on(t, l, func() { // all of it waits for the next poll together
			for i := range old {
				name := byte(1 + (i+round)%200)
				mustWrite(t, old[i], []byte{name})
				if err := old[i].CloseWrite(); err != nil {
					t.Error(err)
				}
				c, err := net.Dial("tcp", addr)
				if err != nil {
					t.Error(err)
					return
				}
				next[i] = c.(*net.TCPConn)
				t.Cleanup(func() { c.Close() })
			}
		})
		for i, c := range old {
			if got, err := io.ReadAll(c); err != nil || len(got) != 1 || got[0] != byte(1+(i+round)%200) {
				t.Fatalf("round %d, connection %d: got %v, %v", round, i, got, err)
			}
		}
		old = next
	}
	until(t, l, func() bool { return live == n })
}
