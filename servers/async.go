package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"nodecompare/servers/eventloop"
	"nodecompare/servers/http1"
	"nodecompare/servers/trace"
	"nodecompare/servers/workload"
)

// async serves all connections of a loop on that loop's one thread.
type async struct {
	loops   []*asyncLoop
	workers int
}

// asyncLoop is one event loop with its listener and its connections' shared state, which only its
// thread touches.
type asyncLoop struct {
	*eventloop.Loop
	service  *workload.Service
	trace    *trace.Recorder
	limits   timeouts
	upstream *loopClient
	db       *loopDB
	listener *eventloop.Listener
	// out is shared by all sessions: a response is in the kernel, or copied, before the next is
	// made.
	out   []byte
	conns []*asyncConn
	open  atomic.Int64 // len(conns), for other threads
	// draining says that no further connection comes, and each response is its connection's last.
	draining bool
	empty    chan struct{} // closed when no connection is left after draining
	settled  bool          // empty may be closed
	ended    chan struct{} // closed when Run has returned
	// alone says that there is no other loop.
	alone     bool
	spreading *spread // whose function runs; nil for none, and on a loop that is alone
}

// holdTime is how long a waiting loop keeps its processor. Go's monitor would interrupt it not much
// later.
const holdTime = 10 * time.Millisecond

// drainBatch is the number of connections that one poll is certain to look at.
const drainBatch = 64

func newAsync(c Config, lns []*net.TCPListener, upstream netip.AddrPort) (model, error) {
	a := &async{workers: c.Workers}
	for i, ln := range lns {
		loop, err := eventloop.New(c.Workers)
		if err != nil {
			return nil, errors.Join(err, a.abandon())
		}
		if c.ownProcs {
			loop.KeepProcessor(holdTime)
		}
		l := &asyncLoop{Loop: loop, service: c.Service, trace: c.Trace, limits: standardTimeouts,
			alone: len(lns) == 1, empty: make(chan struct{}), ended: make(chan struct{})}
		a.loops = append(a.loops, l)
		l.upstream = &loopClient{loop: loop, addr: upstream}
		if l.listener, err = loop.Listen(ln, l.accept); err != nil {
			return nil, errors.Join(err, a.abandon())
		}
		if db := c.Service.Postgres(); db != nil {
			if l.db, err = openLoopDB(loop, db, share(db.Connections, len(lns), i)); err != nil {
				return nil, errors.Join(err, a.abandon())
			}
		}
	}
	return a, nil
}

// share returns which part of a number of connections the loop with this index has: at least one.
func share(all, loops, index int) int {
	part := all / loops
	if index < all%loops {
		part++
	}
	return max(part, 1)
}

// abandon frees loops that will not run: Run on a stopped loop only cleans up.
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
			defer l.db.close()
			if errs[i] = l.Run(); errs[i] != nil {
				a.stop() // without a loop, its share of the clients would find nobody
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

// drain ends the loop's connections: busy ones with their response, idle ones once everything that
// has arrived is read.
func (l *asyncLoop) drain() {
	if l.draining {
		return
	}
	l.draining = true
	l.listener.Close(nil)
	l.drainAfter(len(l.conns)/drainBatch + 1)
}

// drainAfter ends the idle connections after the given number of polls. A function posted from the
// posted phase runs after another poll.
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
	c.session.observe(l.trace, false, false)
	l.conns = append(l.conns, c)
	l.open.Store(int64(len(l.conns)))
	c.SetIdle(l.limits.idle)
	return c
}

// asyncConn is a connection on a loop: the loop's Handler on one side, the session's wire on the
// other.
type asyncConn struct {
	*eventloop.Conn
	loop    *asyncLoop
	place   int // index in loop.conns
	session session

	timer eventloop.Timer // of the request's current wait
	then  func(*workload.Exchange)
	gone  atomic.Bool // closed; a pending completion must do nothing
	// timed is the number of the request, by the session's count, whose arrival in pieces the
	// deadline bounds; 0 for none.
	timed uint64
	lags  bool // of a stream: the peer is to take something before the idle time is over
	// cut says that a WebSocket was closed because its peer did not read.
	cut bool
	// spreads are its functions on their way between loops, crowded that there are so many that
	// hearOn is to be called.
	spreads atomic.Int32
	crowded atomic.Bool
}

func (c *asyncConn) Data(b []byte) {
	if len(b) == 0 {
		c.session.ended()
		return
	}
	c.session.receive(b)
	c.updateInterest()
}

func (c *asyncConn) Drained() {
	c.session.resume()
	c.updateInterest()
}

// updateInterest sets reading and the deadlines by the session's state.
func (c *asyncConn) updateInterest() {
	s := &c.session
	switch {
	case s.over:
		return
	case s.source != nil:
		c.updateStream()
		return
	case s.upgraded != nil && !s.busy:
		c.ResumeRead() // it is never idle, see checkPeer
	case s.upgraded != nil:
		c.PauseRead()
	case s.busy:
		c.PauseRead()
		c.SetIdle(0) // a handler has no limit
	case s.held:
		c.PauseRead()
		c.SetIdle(c.loop.limits.idle)
	default:
		c.ResumeRead()
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

// updateStream does the same for a response that goes on: the peer's end is awaited, and a peer
// that lags must take something from time to time.
func (c *asyncConn) updateStream() {
	c.ResumeRead()
	if c.lags != c.session.held {
		if c.lags = c.session.held; c.lags {
			c.SetIdle(sendTimeout)
		} else {
			c.SetIdle(0)
		}
	}
}

func (c *asyncConn) Closed(error) {
	c.hearRest()
	c.gone.Store(true)
	c.session.gone()
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

func (c *asyncConn) write(b []byte) bool {
	took := c.Write(b)
	if !took && c.session.upgraded != nil {
		c.cut = true
		c.Close()
	}
	return took
}

func (c *asyncConn) writeFile(b []byte, f *os.File, p *http1.Part) bool {
	return c.SendFile(b, int(f.Fd()), p.First, p.Length)
}

func (c *asyncConn) lagged() bool { return c.cut }

// finish leaves the sending to the limits of Finish: one that was set for a request's arrival has
// been kept.
func (c *asyncConn) finish() {
	c.SetDeadline(0)
	c.Finish()
}

func (c *asyncConn) unix() int64 { return c.loop.Now().Unix() }
func (c *asyncConn) yield() bool { return c.loop.draining }
