package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"nodecompare/servers/postgres"
)

// goroutine gives each connection a goroutine that waits in Go's runtime, not in the kernel: the
// code of the blocking model on the threads of a non-blocking one.
type goroutine struct {
	streams
	listener *net.TCPListener
	client   *syncClient
	db       *syncDB
}

func newGoroutine(c Config, lns []*net.TCPListener, upstream netip.AddrPort) (model, error) {
	db, err := openSyncDB(c.Service.Postgres(), func(s postgres.Socket) (stream, error) {
		return &netStream{netConn: s}, nil
	})
	if err != nil {
		return nil, err
	}
	client := newSyncClient(upstream, dialNet, keepAlive)
	g := &goroutine{listener: lns[0], client: client, db: db}
	g.init(c.Service, syncIO{sleep: time.Sleep, client: client, db: db, atOnce: true})
	g.trace = c.Trace
	return g, nil
}

// Serve returns, once stopped, when the last goroutine has ended, after the last request in flight:
// until then it uses what the service has open.
func (g *goroutine) Serve() error {
	err := g.accept()
	g.active.Done()
	if err == ErrStopped {
		g.active.Wait()
	}
	return err
}

func (g *goroutine) accept() error {
	for {
		c, err := g.listener.AcceptTCP()
		switch {
		case err == nil:
			g.active.Go(func() { g.serve(&netStream{netConn: c}) })
		case g.stopping.Load():
			return ErrStopped
		default:
			var reason syscall.Errno
			if !errors.As(err, &reason) {
				return fmt.Errorf("accepting connections on %s: %w", g.listener.Addr(), err)
			}
			if err := acceptFailed(reason); err != nil {
				return err
			}
		}
	}
}

func (g *goroutine) Shutdown(ctx context.Context) error {
	g.stopping.Store(true)
	if err := g.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing the listener on %s: %w", g.listener.Addr(), err)
	}
	err := g.shutdown(ctx)
	g.client.close()
	g.db.close()
	return err
}

func (g *goroutine) Threads() string { return "a goroutine for each connection" }

// netStream is a connection of Go's net package, over TCP or a Unix socket.
type netStream struct {
	netConn
	reads, writes time.Time // the current deadlines
	now           *netSend  // of a WebSocket
}

// netSend is a send that does not wait, kept so that the next one allocates nothing.
type netSend struct {
	raw   syscall.RawConn
	send  func(fd uintptr)
	b     []byte
	sent  int
	errno syscall.Errno
}

type netConn interface {
	net.Conn
	CloseRead() error
	CloseWrite() error
}

func (s *netStream) read(b []byte, now time.Time, limit time.Duration) (int, error) {
	if limit <= 0 {
		return 0, os.ErrDeadlineExceeded
	}
	if err := refresh(&s.reads, now.Add(limit), limit, s.SetReadDeadline); err != nil {
		return 0, err
	}
	n, err := s.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		// Go looks at timers before sockets: what came while the process was stopped is there.
		if held, _ := s.peek(b[:1]); held > 0 {
			if err := refresh(&s.reads, time.Now().Add(limit), limit, s.SetReadDeadline); err != nil {
				return 0, err
			}
			return s.Read(b)
		}
	}
	return n, err
}

func (s *netStream) peek(b []byte) (n int, err error) {
	raw, err := s.netConn.(syscall.Conn).SyscallConn()
	if err != nil {
		return 0, err
	}
	if refused := raw.Control(func(fd uintptr) { n, err = peekNow(int(fd), b) }); refused != nil {
		err = refused
	}
	return n, err
}

func (s *netStream) write(b []byte, now time.Time) error {
	for {
		if err := refresh(&s.writes, now.Add(sendTimeout), sendTimeout, s.SetWriteDeadline); err != nil {
			return err
		}
		n, err := s.Write(b)
		if n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		b, now = b[n:], time.Now() // the peer takes it, slowly
	}
}

// writeFile sends by sendfile(2) while the peer takes something, and parks the goroutine while it
// does not, as net's ReadFrom does: that would go by the file's own position, which all requests
// share.
func (s *netStream) writeFile(b []byte, f *os.File, first, length int64, now time.Time) error {
	if err := s.write(b, now); err != nil {
		return err
	}
	raw, err := s.netConn.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	for length > 0 {
		if err := refresh(&s.writes, now.Add(sendTimeout), sendTimeout, s.SetWriteDeadline); err != nil {
			return err
		}
		var n int
		var errno syscall.Errno
		err := raw.Write(func(fd uintptr) bool {
			n, errno = sendFile(int(fd), int(f.Fd()), first, length)
			return n > 0 || errno != syscall.EAGAIN
		})
		switch {
		case n > 0:
			first, length = first+int64(n), length-int64(n)
		case err != nil:
			return err
		case errno == 0:
			return errShortened(f, first)
		case errno != syscall.EINTR:
			return os.NewSyscallError("sendfile", errno)
		}
		now = time.Now()
	}
	return nil
}

// refresh moves a deadline if it is to come earlier, or later by more than an eighth of the limit.
// Moving a timer of Go's runtime for every request would cost more than parsing the request.
func refresh(set *time.Time, want time.Time, limit time.Duration, move func(time.Time) error) error {
	if later := want.Sub(*set); later >= 0 && later <= limit/8 {
		return nil
	}
	*set = want
	return move(want)
}

// try sends past Go's poller, which would make the caller wait.
func (s *netStream) try(b []byte) (int, syscall.Errno) {
	n := s.now
	if n == nil {
		raw, err := s.netConn.(syscall.Conn).SyscallConn()
		if err != nil {
			return 0, syscall.EBADF // closed
		}
		n = &netSend{raw: raw}
		n.send = func(fd uintptr) { n.sent, n.errno = sendNow(int(fd), n.b) }
		s.now = n
	}
	n.b = b
	err := n.raw.Control(n.send)
	n.b = nil
	if err != nil {
		return 0, syscall.EBADF // closed
	}
	return n.sent, n.errno
}

func (s *netStream) closeRead() error  { return s.CloseRead() }
func (s *netStream) closeWrite() error { return s.CloseWrite() }

func (s *netStream) close() {
	if err := s.Close(); errors.Is(err, net.ErrClosed) {
		panic(fmt.Sprintf("a connection from %s closed twice", s.RemoteAddr()))
	}
}

func dialNet(addr netip.AddrPort, limit time.Duration) (stream, error) {
	c, err := net.DialTimeout("tcp", addr.String(), limit)
	if err != nil {
		return nil, err
	}
	return &netStream{netConn: c.(*net.TCPConn)}, nil
}
