package eventloop_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

// patience is how long a test waits for what must happen before it calls the loop hung.
const patience = 2 * time.Minute

// handler is a Handler of functions, any of which may be missing.
type handler struct {
	conn    *eventloop.Conn // which listen and connect fill in
	data    func(*eventloop.Conn, []byte)
	drained func(*eventloop.Conn)
	closed  func(error)
}

func (h *handler) Data(b []byte) {
	if h.data != nil {
		h.data(h.conn, b)
	}
}

func (h *handler) Drained() {
	if h.drained != nil {
		h.drained(h.conn)
	}
}

func (h *handler) Closed(err error) {
	if h.closed != nil {
		h.closed(err)
	}
}

// start runs a loop until the test ends, which fails if Run does or does not end.
func start(t testing.TB, workers int) *eventloop.Loop {
	t.Helper()
	l, err := eventloop.New(workers)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	t.Cleanup(func() {
		l.Stop()
		if err := receive(t, ended); err != nil {
			t.Error(err)
		}
	})
	return l
}

// on runs f on the loop's thread and waits for it.
func on(t testing.TB, l *eventloop.Loop, f func()) {
	t.Helper()
	done := make(chan struct{})
	if !l.Post(func() { f(); close(done) }) {
		t.Fatal("the loop has stopped")
	}
	receive(t, done)
}

// receive waits for c with patience. It must be called by the test's own goroutine.
func receive[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

// until turns the loop until the condition, which is evaluated on its thread, holds.
func until(t testing.TB, l *eventloop.Loop, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		var holds bool
		on(t, l, func() { holds = condition() })
		if holds {
			return
		}
		if time.Now().After(end) {
			t.Fatal("waited in vain for a condition")
		}
	}
}

// listen has the loop accept on a free port of the loopback interface. Sockets have small buffers,
// of some 64 KiB in each direction, so that a peer that does not read is felt soon.
func listen(t testing.TB, l *eventloop.Loop,
	accept func(*eventloop.Conn) eventloop.Handler) (ln *eventloop.Listener, addr string) {
	t.Helper()
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return smallBuffers(c) }}
	tcp, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = tcp.Addr().String()
	on(t, l, func() {
		ln, err = l.Listen(tcp.(*net.TCPListener), func(c *eventloop.Conn) eventloop.Handler {
			h := accept(c)
			if h, ok := h.(*handler); ok {
				h.conn = c
			}
			return h
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return ln, addr
}

func smallBuffers(c syscall.RawConn) error {
	var err error
	cerr := c.Control(func(fd uintptr) {
		for _, option := range []int{syscall.SO_RCVBUF, syscall.SO_SNDBUF} {
			if err == nil {
				err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, option, 32<<10)
			}
		}
	})
	if cerr != nil {
		return cerr
	}
	return err
}

// dial connects as a peer with small buffers; the connection ends with the test.
func dial(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	d := net.Dialer{Timeout: patience, Control: func(_, _ string, c syscall.RawConn) error { return smallBuffers(c) }}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// accepted has the loop accept one connection from a new peer, handled by h, and gives both of its
// ends.
func accepted(t testing.TB, l *eventloop.Loop, h *handler) (*eventloop.Conn, *net.TCPConn) {
	t.Helper()
	conns := make(chan *eventloop.Conn, 1)
	_, addr := listen(t, l, func(c *eventloop.Conn) eventloop.Handler {
		conns <- c
		return h
	})
	peer := dial(t, addr)
	return receive(t, conns), peer
}

// acceptedUntilClosed is accepted with a handler that does nothing, and sends what the connection
// was closed with.
func acceptedUntilClosed(t testing.TB, l *eventloop.Loop) (*eventloop.Conn, *net.TCPConn, chan error) {
	t.Helper()
	closed := make(chan error, 1)
	server, peer := accepted(t, l, &handler{closed: func(err error) { closed <- err }})
	return server, peer, closed
}

// connect has the loop dial.
func connect(t testing.TB, l *eventloop.Loop, to netip.AddrPort, h *handler, then func(*eventloop.Conn)) {
	t.Helper()
	var err error
	on(t, l, func() {
		var c *eventloop.Conn
		if c, err = l.Dial(to, h); err == nil {
			h.conn = c
			then(c)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func parse(addr string) netip.AddrPort { return netip.MustParseAddrPort(addr) }

// echo is a server's accept function: what comes is sent back, and the end of the stream answered
// by ours.
func echo(c *eventloop.Conn) eventloop.Handler {
	return &handler{
		conn: c,
		data: func(c *eventloop.Conn, b []byte) {
			if len(b) == 0 {
				c.Finish()
			} else if !c.Write(b) {
				c.PauseRead()
			}
		},
		drained: (*eventloop.Conn).ResumeRead,
	}
}

// counting has open hold how many of the connections are open, for the loop's thread.
func counting(open *int, accept func(*eventloop.Conn) eventloop.Handler) func(*eventloop.Conn) eventloop.Handler {
	return func(c *eventloop.Conn) eventloop.Handler {
		*open++
		h := accept(c).(*handler)
		h.closed = func(error) { *open-- }
		return h
	}
}

// noise is bytes in which any loss, repetition or change of order shows.
func noise(n int) []byte {
	b := make([]byte, n)
	src := rand.NewChaCha8([32]byte{1})
	if _, err := io.ReadFull(src, b); err != nil {
		panic(err)
	}
	return b
}

// mustWrite may be called on the loop's thread too.
func mustWrite(t testing.TB, w io.Writer, b []byte) {
	t.Helper()
	if _, err := w.Write(b); err != nil {
		t.Error(err)
	}
}

func mustRead(t testing.TB, r io.Reader, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if m, err := io.ReadFull(r, b); err != nil {
		t.Fatalf("after %d bytes of %d: %v", m, n, err)
	}
	return b
}

// reset closes a peer's connection with a RST.
func reset(t testing.TB, c *net.TCPConn) {
	t.Helper()
	if err := c.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}
