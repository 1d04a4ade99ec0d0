package servers

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"nodecompare/servers/workload"
)

// stream is a connection whose calls wait: in the kernel with their thread, or in Go's runtime with
// their goroutine.
type stream interface {
	// read waits for bytes until limit after now, a clock reading that the caller has at hand; then
	// it answers os.ErrDeadlineExceeded. The end of the peer's stream is io.EOF.
	read(b []byte, now time.Time, limit time.Duration) (int, error)
	// write sends all of b.
	write(b []byte, now time.Time) error
	// closeRead has this and later reads end with what has arrived; it may be called while another
	// thread reads.
	closeRead() error
	closeWrite() error
	close()
}

// streams serves connections that wait, one flow of control each: what blocking, pool and goroutine
// have in common.
type streams struct {
	service *workload.Service
	io      workload.IO
	limits  timeouts
	// crowded says whether somebody waits for this connection's place; nil where places are not
	// limited.
	crowded func() bool
	// patience is how long an idle connection waits before it asks crowded again.
	patience time.Duration

	stopping atomic.Bool
	active   sync.WaitGroup
	mu       sync.Mutex
	open     map[*streamConn]struct{}
}

// init readies s for serving; Serve is the first that is active, so that Shutdown waits for it too.
func (s *streams) init(service *workload.Service, io workload.IO) {
	s.service, s.io, s.limits, s.open = service, io, standardTimeouts, map[*streamConn]struct{}{}
	s.active.Add(1)
}

const (
	readSize = 4 << 10 // of a connection's read buffer: an ordinary request fits many times
	outSize  = 512     // of its first write buffer: a small response with its head
)

const (
	lingerTime  = time.Second
	lingerBytes = 1 << 20
)

// streamConn is one connection and its session. Its buffers lie inside, so that a thread that has
// slept touches few pages when it wakes: with 1,000 threads none of them is in a cache any more,
// and separate buffers cost a tenth more CPU per request.
type streamConn struct {
	owner   *streams
	stream  stream
	session session
	out     []byte
	now     time.Time // the clock as it was read last
	failed  bool      // a write failed: nothing can be said to the peer any more

	firstOut [outSize]byte
	buf      [readSize]byte
}

// serve is a connection's whole life. It returns when the connection is closed.
func (s *streams) serve(st stream) {
	c := &streamConn{owner: s, stream: st, now: time.Now()}
	c.out = c.firstOut[:0]
	c.session.init(s.service, s.io, c, c, &c.out)
	s.mu.Lock()
	s.open[c] = struct{}{}
	late := s.stopping.Load() // shutdown has been through the open ones already, or will find this one
	s.mu.Unlock()
	if late && st.closeRead() != nil {
		c.failed = true
	}

	c.converse()
	if c.session.over && !c.failed {
		c.linger()
	}

	// Shutdown touches the sockets of open connections under this lock: a descriptor must not be
	// freed under its hands.
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	st.close()
}

// converse reads and serves until the session is over, or there is nothing more to be read within
// the limits.
func (c *streamConn) converse() {
	buf := c.buf[:]
	var (
		started time.Time // when the request that arrives in pieces began to
		which   uint64    // it is, by the session's count
	)
	for !c.session.over && !c.failed {
		limit := c.owner.limits.idle
		if !started.IsZero() {
			limit = c.owner.limits.request - c.now.Sub(started)
		}
		n, err := c.wait(buf, limit)
		if err != nil {
			return
		}
		c.session.receive(buf[:n])
		if !c.session.partial() {
			started = time.Time{}
			continue
		}
		c.now = time.Now()
		if started.IsZero() || which != c.session.requests {
			started, which = c.now, c.session.requests
		}
	}
}

// wait reads, and where places are limited gives this one up when it is idle and somebody waits for
// it.
func (c *streamConn) wait(buf []byte, limit time.Duration) (int, error) {
	if c.owner.crowded == nil || c.session.partial() {
		return c.stream.read(buf, c.now, limit)
	}
	for {
		n, err := c.stream.read(buf, c.now, min(limit, c.owner.patience))
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

// linger waits, within bounds and for no longer than an idle connection might, for the peer to
// close after its last response: see eventloop's Finish for why.
func (c *streamConn) linger() {
	if c.stream.closeWrite() != nil {
		return // gone already
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
	if !c.failed && c.stream.write(b, c.now) != nil {
		c.failed = true
	}
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

// shutdown lets the connections end: idle ones read the end of their stream, the others are closed
// with their response. What is still there when ctx ends is cut off.
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
		// A peer may have closed its side meanwhile; the socket then refuses, and its thread has
		// read the end already.
		if err := f(c.stream); err != nil {
			continue
		}
	}
}
