package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"nodecompare/servers/eventloop"
	"nodecompare/servers/workload"
)

// async serves all connections of a loop on that loop's one thread.
type async struct {
	loops   []*asyncLoop
	workers int
}

// asyncLoop is one event loop with its listener and what its connections share, which only its
// thread touches.
type asyncLoop struct {
	*eventloop.Loop
	service  *workload.Service
	limits   timeouts
	upstream *loopClient
	listener *eventloop.Listener
	out      []byte // every session's: a response is with the kernel, or copied, before the next is made
	conns    []*asyncConn
	open     atomic.Int64  // len(conns), for other threads
	draining bool          // no further connection comes, and each response is its connection's last
	empty    chan struct{} // closed when the idle connections have been ended and none is left
	settled  bool          // empty may be closed
	ended    chan struct{} // closed when Run has returned
}

// holdTime is for how long a loop that waits keeps its processor: Go's monitor would interrupt it
// not much later.
const holdTime = 10 * time.Millisecond

// drainBatch is how many connections are sure to be looked at in one poll.
const drainBatch = 64

func newAsync(c Config, lns []*net.TCPListener, upstream netip.AddrPort) (model, error) {
	a := &async{workers: c.Workers}
	for _, ln := range lns {
		loop, err := eventloop.New(c.Workers)
		if err != nil {
			return nil, errors.Join(err, a.abandon())
		}
		if c.ownProcs {
			loop.Hold(holdTime)
		}
		l := &asyncLoop{Loop: loop, service: c.Service, limits: standardTimeouts,
			empty: make(chan struct{}), ended: make(chan struct{})}
		a.loops = append(a.loops, l)
		l.upstream = &loopClient{loop: loop, addr: upstream}
		if l.listener, err = loop.Listen(ln, l.accept); err != nil {
			return nil, errors.Join(err, a.abandon())
		}
	}
	return a, nil
}

// abandon frees loops that will not be run: Run on a stopped loop only cleans up.
func (a *async) abandon() error {
	a.stop()
	if err := a.Serve(); err != ErrStopped {
		return err
	}
	return nil
}

func (a *async) Serve() error {
	errs := make([]error, len(a.loops))
	var running sync.WaitGroup
	for i, l := range a.loops {
		running.Go(func() {
			defer close(l.ended)
			if errs[i] = l.Run(); errs[i] != nil {
				a.stop() // with a loop gone, its share of the clients would find nobody
			}
		})
	}
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return ErrStopped
}

func (a *async) stop() {
	for _, l := range a.loops {
		l.Stop()
	}
}

func (a *async) Shutdown(ctx context.Context) error {
	defer a.stop()
	for _, l := range a.loops {
		l.Post(l.drain)
	}
	for _, l := range a.loops {
		select {
		case <-l.empty:
		case <-l.ended:
		case <-ctx.Done():
			var left int64
			for _, l := range a.loops {
				left += l.open.Load()
			}
			return cutOff(left, ctx)
		}
	}
	return nil
}

func (a *async) Threads() string {
	if len(a.loops) == 1 {
		return fmt.Sprintf("1 event loop thread, up to %d workers", a.workers)
	}
	return fmt.Sprintf("%d event loop threads, up to %d workers each", len(a.loops), a.workers)
}

// drain ends the loop's connections: those in use with their response, the idle ones once all that
// had arrived by now has been read.
func (l *asyncLoop) drain() {
	if l.draining {
		return
	}
	l.draining = true
	l.listener.Close(nil)
	l.drainAfter(len(l.conns)/drainBatch + 1)
}

// drainAfter ends the idle connections after so many polls: what is posted from the posted phase
// comes after another one.
func (l *asyncLoop) drainAfter(polls int) {
	if polls > 0 {
		l.Post(func() { l.drainAfter(polls - 1) })
		return
	}
	for _, c := range l.conns {
		c.session.drain()
	}
	l.settled = true
	l.checkEmpty()
}

func (l *asyncLoop) checkEmpty() {
	if l.settled && len(l.conns) == 0 {
		l.settled = false
		close(l.empty)
	}
}

func (l *asyncLoop) accept(ec *eventloop.Conn) eventloop.Handler {
	c := &asyncConn{Conn: ec, loop: l, place: len(l.conns)}
	c.timer.Init(l.Loop, c.resumeWait)
	c.session.init(l.service, asyncIO{}, c, c, &l.out)
	l.conns = append(l.conns, c)
	l.open.Store(int64(len(l.conns)))
	c.SetIdle(l.limits.idle)
	return c
}

// asyncConn is a connection on a loop: the loop's handler on one side, the session's wire on the
// other.
type asyncConn struct {
	*eventloop.Conn
	loop    *asyncLoop
	place   int // in loop.conns
	session session

	timer eventloop.Timer // of the wait that the request is in
	then  func(*workload.Exchange)
	gone  bool // closed; a completion that is still under way finds nobody
	// which request, by the session's count, the deadline of one that arrives in pieces runs for; 0
	// for none
	timed uint64
}

func (c *asyncConn) Data(b []byte) {
	if len(b) == 0 {
		c.session.ended()
		return
	}
	c.session.receive(b)
	c.settle()
}

func (c *asyncConn) Drained() {
	c.session.resume()
	c.settle()
}

// settle sets reading and the deadlines by what the session is at.
func (c *asyncConn) settle() {
	s := &c.session
	if s.over {
		return
	}
	if s.busy || s.held {
		c.PauseRead()
	} else {
		c.ResumeRead()
	}
	if s.busy {
		c.SetIdle(0) // the handler takes its time
	} else {
		c.SetIdle(c.loop.limits.idle)
	}
	var partial uint64
	if s.partial() {
		partial = s.requests + 1
	}
	if partial != c.timed {
		c.timed = partial
		if partial > 0 {
			c.SetDeadline(c.loop.limits.request)
		} else {
			c.SetDeadline(0)
		}
	}
}

func (c *asyncConn) Closed(error) {
	c.gone = true
	c.timer.Stop()
	l := c.loop
	last := len(l.conns) - 1
	l.conns[last].place = c.place
	l.conns[c.place] = l.conns[last]
	l.conns[last] = nil
	l.conns = l.conns[:last]
	l.open.Store(int64(last))
	l.checkEmpty()
}

func (c *asyncConn) write(b []byte) bool { return c.Write(b) }
func (c *asyncConn) finish()             { c.Finish() }
func (c *asyncConn) unix() int64         { return c.loop.Now().Unix() }
func (c *asyncConn) yield() bool         { return c.loop.draining }
