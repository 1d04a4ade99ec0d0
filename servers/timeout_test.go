package servers

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
	"nodecompare/servers/workload"
)

// caller is a client of an upstream whose call ends before it returns.
type caller func(netip.AddrPort, time.Duration, *url.URL) (workload.Reply, error)

func callSync(dial func(netip.AddrPort, time.Duration) (stream, error)) caller {
	return func(addr netip.AddrPort, limit time.Duration, u *url.URL) (reply workload.Reply, err error) {
		c := newSyncClient(addr, dial, keepAlive)
		defer c.close()
		c.get(u, limit, func(r workload.Reply, e error) { reply, err = r, e })
		return reply, err
	}
}

func callLoop(addr netip.AddrPort, limit time.Duration, u *url.URL) (reply workload.Reply, err error) {
	l, err := eventloop.New(1)
	if err != nil {
		return reply, err
	}
	c := &loopClient{loop: l, addr: addr}
	var called error
	l.Post(func() {
		c.get(u, limit, func(r workload.Reply, e error) {
			reply, called = r, e
			l.Stop()
		})
	})
	if err := l.Run(); err != nil {
		return reply, err
	}
	return reply, called
}

var callers = map[string]caller{"socket": callSync(dialSocket), "net": callSync(dialNet), "loop": callLoop}

// TestUpstreamTimeout has an upstream take too long at each step of a call; all clients say so with
// an error that a handler knows for a timeout.
func TestUpstreamTimeout(t *testing.T) {
	const limit = 200 * time.Millisecond
	for name, serve := range map[string]func(net.Conn){
		"says nothing": func(net.Conn) {},
		"stops amid":   func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") },
		"trickles": func(c net.Conn) {
			for _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n"); err == nil; _, err = io.WriteString(c, "A: b\r\n") {
				<-time.After(limit / 10)
			}
		},
	} {
		for kind, call := range callers {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				served := make(chan struct{})
				go func() {
					defer close(served)
					c, err := l.Accept()
					if err != nil {
						return
					}
					serve(c)
					if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
						t.Error(err)
					}
					c.Close()
				}()
				addr := netip.MustParseAddrPort(l.Addr().String())
				start := time.Now()
				r, err := call(addr, limit, &url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/"})
				if !workload.IsTimeout(err) || time.Since(start) < limit {
					t.Errorf("got %+v and %v after %v, want a timeout after %v", r, err, time.Since(start), limit)
				}
				l.Close()
				<-served
			})
		}
	}
}

// full gives the address of a listener that takes no connections: its backlog is full, and the
// kernel passes over any more requests for one.
func full(t *testing.T) netip.AddrPort {
	t.Helper()
	fd, err := openSocket(syscall.AF_INET)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeFD(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(bound.(*syscall.SockaddrInet4).Port))
	for {
		c, err := net.DialTimeout("tcp", addr.String(), 200*time.Millisecond)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { c.Close() })
	}
}

func TestUpstreamConnectTimeout(t *testing.T) {
	t.Parallel()
	const limit = 200 * time.Millisecond
	addr := full(t)
	for kind, call := range callers {
		start := time.Now()
		_, err := call(addr, limit, &url.URL{Scheme: "http", Host: addr.String(), Path: "/"})
		if !workload.IsTimeout(err) || time.Since(start) < limit {
			t.Errorf("%s: got %v after %v, want a timeout", kind, err, time.Since(start))
		}
	}
}

// script is a stream that brings one piece with each read and notes how long the read might have
// taken.
type script struct {
	pieces []string
	limits []time.Duration
	closed bool
}

func (s *script) read(b []byte, _ time.Time, limit time.Duration) (int, error) {
	s.limits = append(s.limits, limit)
	if len(s.pieces) == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(b, s.pieces[0])
	s.pieces = s.pieces[1:]
	return n, nil
}

func (s *script) write([]byte, time.Time) error     { return nil }
func (s *script) try(b []byte) (int, syscall.Errno) { return len(b), 0 }
func (s *script) peek([]byte) (int, error)          { return 0, syscall.EAGAIN }
func (s *script) closeRead() error                  { return nil }
func (s *script) closeWrite() error                 { return nil }
func (s *script) close()                            { s.closed = true }

func (s *script) writeFile([]byte, *os.File, int64, int64, time.Time) error {
	panic("no test sends a file")
}

// TestEachRequestHasItsOwnTime gives a request that arrives in pieces one limit from its first byte
// to its last, and the next one another, also when both come in one pipeline and something of a
// request is always outstanding.
func TestEachRequestHasItsOwnTime(t *testing.T) {
	const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	head, tail := request[:9], request[9:]
	s := &script{pieces: []string{head, tail[:3], tail[3:] + head, tail + request + head, tail, request}}
	served := streams{}
	served.init(new(workload.Service), syncIO{})
	served.serve(s)
	var kinds []string
	for _, limit := range s.limits {
		switch {
		case limit == served.limits.idle:
			kinds = append(kinds, "idle")
		case limit == served.limits.request:
			kinds = append(kinds, "new")
		case limit < served.limits.request:
			kinds = append(kinds, "left")
		}
	}
	if want := []string{"idle", "new", "left", "new", "new", "idle", "idle"}; !slices.Equal(kinds, want) {
		t.Errorf("limits %v: %v, want %v", s.limits, kinds, want)
	}
	if !s.closed {
		t.Error("the stream was not closed")
	}
}

// TestLimitedPlaces has an idle connection of a pool give its place up once somebody waits for it,
// not before its time otherwise, and not in the middle of a request.
func TestLimitedPlaces(t *testing.T) {
	const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, test := range map[string]struct {
		pieces  []string
		crowded bool
		want    []time.Duration
	}{
		"somebody waits": {[]string{}, true, []time.Duration{2 * time.Second}},
		"amid a request": {[]string{request[:9]}, true, []time.Duration{2 * time.Second, standardTimeouts.request}},
		// the latter while it lingers
		"after a request": {[]string{request}, true, []time.Duration{2 * time.Second, time.Second}},
	} {
		s := &script{pieces: test.pieces}
		served := streams{patience: time.Second, fresh: 2 * time.Second, crowded: func() bool { return test.crowded }}
		served.init(new(workload.Service), syncIO{})
		served.serve(s)
		if got := s.limits; !slices.EqualFunc(got, test.want,
			func(got, want time.Duration) bool { return got <= want && got > want-time.Second/2 }) {
			t.Errorf("%s: limits %v, want about %v", name, got, test.want)
		}
	}
}
