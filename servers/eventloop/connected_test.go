package eventloop_test

import (
	"io"
	"net"
	"testing"

	"nodecompare/servers/eventloop"
)

// caller is a Handler that is told of its connection's standing.
type caller struct {
	handler
	connected func(*eventloop.Conn)
}

func (c *caller) Connected() { c.connected(c.conn) }

func TestConnectedComesFirst(t *testing.T) {
	l := start(t, 1)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	events := make(chan string, 10)
	h := &caller{connected: func(c *eventloop.Conn) { events <- "connected"; c.Write([]byte(" late")) }}
	h.data = func(c *eventloop.Conn, b []byte) { events <- string(b); c.Close() }
	h.closed = func(error) { events <- "closed" }
	on(t, l, func() {
		if h.conn, err = l.Dial(parse(ln.Addr().String()), h); err == nil {
			h.conn.Write([]byte("early"))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	peer, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if got := string(mustRead(t, peer, len("early late"))); got != "early late" {
		t.Errorf("the peer got %q", got)
	}
	mustWrite(t, peer, []byte("answer"))
	for _, want := range []string{"connected", "answer", "closed"} {
		if got := receive(t, events); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestConnectedMayClose(t *testing.T) {
	l := start(t, 1)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	closed := make(chan error, 1)
	h := &caller{connected: (*eventloop.Conn).Close}
	h.closed = func(err error) { closed <- err }
	on(t, l, func() { h.conn, err = l.Dial(parse(ln.Addr().String()), h) })
	if err != nil {
		t.Fatal(err)
	}
	if err := receive(t, closed); err != nil {
		t.Errorf("closed with %v, want nil", err)
	}
	peer, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if n, err := peer.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the peer read %d bytes and %v, want the end", n, err)
	}
}

func TestConnectedIsNotToldOfARefusal(t *testing.T) {
	l := start(t, 1)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := parse(ln.Addr().String())
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	told := make(chan error, 1)
	h := &caller{connected: func(*eventloop.Conn) { t.Error("Connected, though nothing listens") }}
	h.closed = func(err error) { told <- err }
	on(t, l, func() {
		if _, err := l.Dial(addr, h); err != nil {
			told <- err
		}
	})
	if err := receive(t, told); err == nil {
		t.Error("no error")
	}
}
