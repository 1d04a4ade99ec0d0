package eventloop_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

func TestDialSendsWhatWasWrittenEarly(t *testing.T) {
	l := start(t, 1)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	sent := noise(700 << 10)
	drained, closed := make(chan struct{}, 1), make(chan error, 1)
	var got bytes.Buffer
	connect(t, l, parse(ln.Addr().String()), &handler{
		data:    func(_ *eventloop.Conn, b []byte) { got.Write(b) },
		drained: func(_ *eventloop.Conn) { drained <- struct{}{} },
		closed:  func(err error) { closed <- err },
	}, func(c *eventloop.Conn) {
		if !c.Write(sent[:100]) {
			t.Error("the first bytes of a connection in the making fill its buffer")
		}
		if c.Write(sent[100:]) {
			t.Error("700 KiB before the connection stands do not fill its buffer")
		}
		c.PauseRead()
		c.ResumeRead()
	})
	peer, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if b := mustRead(t, peer, len(sent)); !bytes.Equal(b, sent) {
		t.Error("what came differs from what was written")
	}
	receive(t, drained)
	mustWrite(t, peer, []byte("answer"))
	until(t, l, func() bool { return got.String() == "answer" })
	if err := peer.(*net.TCPConn).SetLinger(0); err != nil {
		t.Error(err)
	}
	if err := peer.Close(); err != nil {
		t.Error(err)
	}
	if err := receive(t, closed); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("closed with %v, want a reset", err)
	}
}

func TestDialThenFinish(t *testing.T) {
	l := start(t, 1)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, sent := range []string{"one datagram's worth", ""} {
		closed := make(chan error, 1)
		connect(t, l, parse(ln.Addr().String()), &handler{closed: func(err error) { closed <- err }},
			func(c *eventloop.Conn) {
				c.Write([]byte(sent))
				c.Finish()
			})
		peer, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(peer); sent != "" && err != nil || string(b) != sent {
			t.Errorf("got %q, %v; want %q", b, err, sent)
		}
		if err := peer.Close(); err != nil {
			t.Error(err)
		}
		if err := receive(t, closed); err != nil {
			t.Errorf("closed with %v, want nil", err)
		}
	}
}

// The kernel may refuse at once or later; a caller is told once, in one way or the other.
func TestDialRefused(t *testing.T) {
	l := start(t, 1)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := parse(ln.Addr().String())
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	for _, early := range []string{"", "early"} {
		told := make(chan error, 2)
		on(t, l, func() {
			c, err := l.Dial(addr, &handler{closed: func(err error) { told <- err }})
			if err != nil {
				told <- err
				return
			}
			c.Write([]byte(early))
		})
		if err := receive(t, told); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("got %v, want connection refused", err)
		}
		on(t, l, func() {})
		if len(told) > 0 {
			t.Errorf("told twice, the second time %v", <-told)
		}
	}
}

// A listener whose backlog is full leaves further clients without an answer.
func TestDialDeadline(t *testing.T) {
	l := start(t, 1)
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}),
		syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(name.(*syscall.SockaddrInet4).Port))
	closed := make(chan error, 8)
	for range cap(closed) {
		connect(t, l, addr, &handler{closed: func(err error) { closed <- err }}, func(c *eventloop.Conn) {
			c.SetDeadline(50 * time.Millisecond)
			c.Write([]byte("x"))
		})
	}
	sleeps(t, l, "connecting", func() {
		for range cap(closed) {
			if err := receive(t, closed); err != eventloop.ErrDeadline {
				t.Errorf("closed with %v, want ErrDeadline", err)
			}
		}
	})
}

func TestDialOnALoopThatHasStopped(t *testing.T) {
	l, err := eventloop.New(1)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	l.Stop()
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	h := &handler{closed: func(error) { t.Error("Closed for a connection that was never given out") }}
	if _, err := l.Dial(parse(ln.Addr().String()), h); !errors.Is(err, eventloop.ErrStopped) {
		t.Errorf("got %v, want ErrStopped", err)
	}
	if _, err := l.Listen(ln.(*net.TCPListener), echo); !errors.Is(err, eventloop.ErrStopped) {
		t.Errorf("got %v, want ErrStopped", err)
	}
}

func TestDialIPv6AndMappedAddresses(t *testing.T) {
	l := start(t, 1)
	_, addr := listen(t, l, echo)
	v4 := parse(addr)
	targets := []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom16(v4.Addr().As16()), v4.Port())}
	if ln, err := net.Listen("tcp", "[::1]:0"); err == nil { // a machine may have no IPv6
		on(t, l, func() { _, err = l.Listen(ln.(*net.TCPListener), echo) })
		if err != nil {
			t.Fatal(err)
		}
		targets = append(targets, parse(ln.Addr().String()))
	}
	for _, target := range targets {
		answer := make(chan string, 1)
		connect(t, l, target, &handler{data: func(_ *eventloop.Conn, b []byte) { answer <- string(b) }},
			func(c *eventloop.Conn) {
				c.Write([]byte("hello"))
			})
		if got := receive(t, answer); got != "hello" {
			t.Errorf("%s: got %q", target, got)
		}
	}
}
