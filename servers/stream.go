package servers

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"nodecompare/servers/http1"
	"nodecompare/servers/trace"
	"nodecompare/servers/workload"
)

// stream is a blocking connection: its calls park an OS thread (socket) or a goroutine (netStream).
type stream interface {
	// read waits for bytes until limit after now, the caller's latest clock reading, and then
	// returns os.ErrDeadlineExceeded. The end of the peer's stream is io.EOF.
	read(b []byte, now time.Time, limit time.Duration) (int, error)
	// write sends all of b.
	write(b []byte, now time.Time) error
	// try sends what can be sent without waiting. EAGAIN says that it is nothing. It may not be
	// called while another thread writes.
	try(b []byte) (int, syscall.Errno)
	// writeFile sends all of b, and behind it length bytes of f from first on, for as long as the
	// peer takes some of them from time to time.
	writeFile(b []byte, f *os.File, first, length int64, now time.Time) error
	// peek reads without waiting what has arrived, and leaves it there. EAGAIN says that it is
	// nothing.
	peek(b []byte) (int, error)
	// closeRead ends this and later reads with what has arrived. It may be called while another
	// thread reads.
	closeRead() error
	closeWrite() error
	close()
}

// streams serves blocking connections, one flow of control each: the common part of blocking, pool
// and goroutine.
type streams struct {
	service *workload.Service
	io      workload.IO
	limits  timeouts
	trace   *trace.Recorder
	// holds says that a thread waits with its request.
	holds bool
	// crowded reports whether somebody waits for this connection's place; nil if places are not
	// limited.
	crowded func() bool
	// hireWriter reserves a thread for a peer that lags, and dismissWriter gives it back; nil where
	// threads are not limited.
	hireWriter    func() bool
	dismissWriter func()
	// patience is how long an idle connection waits before it asks crowded again; fresh is how long
	// one waits from which no request has come yet.
	patience, fresh time.Duration

	stopping atomic.Bool
	active   sync.WaitGroup
	mu       sync.Mutex
	open     map[*streamConn]struct{}
}

// init readies s for serving. Serve counts as the first active, so that Shutdown waits for it too.
func (s *streams) init(service *workload.Service, io workload.IO) {
	s.service, s.io, s.limits, s.open = service, io, standardTimeouts, map[*streamConn]struct{}{}
	s.active.Add(1)
}

const (
	readSize = 4 << 10 // of a connection's read buffer: several ordinary requests
	outSize  = 512     // of its first write buffer: a small response with its head
)

// longWrite is a write that may wait for the peer to read. A shorter one fits a socket's buffer.
const longWrite = 16 << 10

const (
	lingerTime  = time.Second
	lingerBytes = 1 << 20
)

// streamConn is one connection and its session. It contains its buffers, so that a waking thread
// touches few pages: with 1,000 threads none of them is cached, and separate buffers cost a tenth
// more CPU per request.
type streamConn struct {
	owner   *streams
	stream  stream
	session session
	out     []byte
	now     time.Time // the last clock reading
	failed  bool      // a write failed: the peer cannot be reached
	outbox  *outbox   // of a WebSocket; nil for none

	firstOut [outSize]byte
	buf      [readSize]byte
}

// serve serves a connection from start to end. It returns when the connection is closed.
func (s *streams) serve(st stream) {
	c := &streamConn{owner: s, stream: st, now: time.Now()}
	c.out = c.firstOut[:0]
	c.session.init(s.service, s.io, c, c, &c.out)
	c.session.observe(s.trace, s.holds, true)
	s.mu.Lock()
	s.open[c] = struct{}{}
	late := s.stopping.Load() // shutdown has visited the open ones, or will find this one
	s.mu.Unlock()
	if late && st.closeRead() != nil {
		c.failed = true
	}

	c.converse()
	if c.outbox != nil {
		c.leave()
	}
	if c.session.over && !c.failed {
		c.linger()
	}

	// Shutdown uses the sockets of open connections under this lock, so no descriptor may be freed
	// meanwhile.
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	st.close()
}

// converse reads and serves until the session is over, or nothing more arrives within the limits.
func (c *streamConn) converse() {
	buf := c.buf[:]
	var (
		started time.Time // when the request that arrives in pieces began
		which   uint64    // its number, by the session's count
	)
	for !c.session.over && !c.failed {
		if c.outbox != nil && c.owner.stopping.Load() {
			return // whoever talks on would never come to the end of what lies in the kernel
		}
		limit := c.owner.limits.idle
		if !started.IsZero() {
			limit = c.owner.limits.request - c.now.Sub(started)
		}
		n, err := c.wait(buf, limit)
		if err != nil {
			if c.outbox == nil || !started.IsZero() || !workload.IsTimeout(err) || !c.session.check() {
				return
			}
			c.now = time.Now()
			continue
		}
		c.session.receive(buf[:n])
		if !c.session.partial() {
			started = time.Time{}
			if c.outbox != nil {
				c.now = time.Now() // there was no response that would have read the clock
			}
			continue
		}
		c.now = time.Now()
		if started.IsZero() || which != c.session.requests {
			started, which = c.now, c.session.requests
		}
	}
}

// wait reads. If places are limited, it gives an idle connection's place up when somebody waits for
// it.
func (c *streamConn) wait(buf []byte, limit time.Duration) (int, error) {
	if c.owner.crowded == nil || c.session.partial() || c.outbox != nil {
		return c.stream.read(buf, c.now, limit)
	}
	patience := c.owner.patience
	if c.session.requests == 0 {
		patience = c.owner.fresh
	}
	for {
		n, err := c.stream.read(buf, c.now, min(limit, patience))
		if err == nil || !workload.IsTimeout(err) || c.owner.crowded() {
			return n, err
		}
		since := c.now
		c.now = time.Now()
		if limit -= c.now.Sub(since); limit <= 0 {
			return n, err
		}
	}
}

// linger waits, within bounds and no longer than an idle connection, for the peer to close after
// its last response. See eventloop's Finish for the reason.
func (c *streamConn) linger() {
	if c.stream.closeWrite() != nil {
		return // already gone
	}
	c.now = time.Now()
	end := c.now.Add(lingerTime)
	for left := lingerBytes; left > 0; {
		n, err := c.wait(c.buf[:], end.Sub(c.now))
		if err != nil {
			return
		}
		left -= n
		c.now = time.Now()
	}
}

func (c *streamConn) write(b []byte) bool {
	if c.outbox != nil {
		c.outbox.send(b, c.session.over)
		return true
	}
	if !c.failed && c.stream.write(b, c.now) != nil {
		c.failed = true
	}
	if len(b) >= longWrite {
		c.now = time.Now()
	}
	return true
}

func (c *streamConn) writeFile(b []byte, f *os.File, p *http1.Part) bool {
	if !c.failed && c.stream.writeFile(b, f, p.First, p.Length, c.now) != nil {
		c.failed = true
	}
	c.now = time.Now() // the peer may have taken minutes, which count against nothing that follows
	return true
}

func (c *streamConn) finish() {}

func (c *streamConn) unix() int64 {
	c.now = time.Now()
	return c.now.Unix()
}

func (c *streamConn) yield() bool {
	return c.owner.stopping.Load() || c.owner.crowded != nil && c.owner.crowded()
}

// shutdown lets the connections end: idle ones read the end of their stream, the others close with
// their response. It cuts off those left when ctx ends.
func (s *streams) shutdown(ctx context.Context) error {
	s.stopping.Store(true)
	s.eachOpen(stream.closeRead)
	done := make(chan struct{})
	go func() {
		s.active.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	left := len(s.open)
	s.mu.Unlock()
	s.eachOpen(stream.closeWrite)
	return cutOff(int64(left), ctx)
}

func (s *streams) eachOpen(f func(stream) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		// A peer may have closed its side, and its thread has read the end. The socket's error is
		// then harmless.
		if err := f(c.stream); err != nil {
			continue
		}
	}
}
