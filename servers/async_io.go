package servers

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"time"

	"nodecompare/servers/eventloop"
	"nodecompare/servers/http1"
	"nodecompare/servers/workload"
)

// asyncIO starts a wait and returns. The loop serves other connections and calls then when the wait
// is over.
type asyncIO struct{}

func (asyncIO) Wait(x *workload.Exchange, d time.Duration, then func(*workload.Exchange)) {
	c := x.Conn.(*asyncConn)
	c.then = then
	c.timer.Set(d)
}

func (c *asyncConn) resumeWait() { c.proceed(c.then) }

func (asyncIO) Get(x *workload.Exchange, u *url.URL, then func(*workload.Exchange, workload.Reply, error)) {
	c := x.Conn.(*asyncConn)
	c.loop.upstream.get(u, upstreamTimeout, func(r workload.Reply, err error) {
		c.proceed(func(x *workload.Exchange) { then(x, r, err) })
	})
}

func (asyncIO) GetAll(x *workload.Exchange, calls []workload.Call, limit time.Duration,
	then func(*workload.Exchange)) {
	c := x.Conn.(*asyncConn)
	left := len(calls)
	for i := range calls {
		c.loop.upstream.get(calls[i].URL, limit, func(r workload.Reply, err error) {
			end(&calls[i], r, err)
			if left--; left == 0 {
				c.proceed(then)
			}
		})
	}
}

func (asyncIO) Offload(x *workload.Exchange, work func(), then func(*workload.Exchange)) {
	c := x.Conn.(*asyncConn)
	c.loop.Work(func() {
		if !c.gone.Load() { // else nobody waits for it any more
			work()
		}
	}, func() { c.proceed(then) })
}

func (asyncIO) Stream(x *workload.Exchange, contentType string, s workload.Source) {
	c := x.Conn.(*asyncConn)
	c.session.stream(contentType, s)
	c.SetIdle(0)
	c.SetDeadline(0)
	c.timed = 0
	c.then = streamOn
	c.timer.Set(0)
}

func (asyncIO) SendFile(x *workload.Exchange, f *os.File) { x.Conn.(*asyncConn).session.answer(x, f) }

func (asyncIO) Upgrade(x *workload.Exchange, accept string, r workload.Receiver) {
	c := x.Conn.(*asyncConn)
	c.session.upgrade(accept, r, c)
	c.SetIdle(0)
	c.SetDeadline(0)
	c.timed = 0
	c.then = checkPeer
	c.timer.Set(c.loop.limits.idle)
}

func checkPeer(x *workload.Exchange) {
	c := x.Conn.(*asyncConn)
	if c.session.check() {
		c.timer.Set(c.loop.limits.idle)
	}
}

// Strand returns the connection's loop.
func (c *asyncConn) Strand() workload.Strand { return c.loop }

func (c *asyncConn) On(s workload.Strand, f func()) {
	l := s.(*asyncLoop)
	if l.alone {
		f()
		return
	}
	c.spread(l, f)
}

// Send writes to a connection of this loop in place, and has another loop write to its own.
func (l *asyncLoop) Send(p workload.Peer, frames []byte) {
	c := p.(*asyncConn)
	if c.loop != l {
		l.spreading.deliver(c, frames)
		return
	}
	c.write(frames)
}

func streamOn(x *workload.Exchange) {
	c := x.Conn.(*asyncConn)
	if due, goes := c.session.tick(c.loop.Now()); goes {
		c.timer.Set(max(0, due.Sub(c.loop.Now())))
	}
}

// proceed continues the handler after its wait, unless the connection has gone.
func (c *asyncConn) proceed(then func(*workload.Exchange)) {
	if c.gone.Load() {
		return
	}
	then(&c.session.x)
	c.updateInterest()
}

// keepAlive is how long a connection to the upstream is kept for the next call.
const keepAlive = 30 * time.Second

// errNoUpstream is the error of a call to an upstream on a server without one.
var errNoUpstream = errors.New("this server was started without an upstream")

// loopClient calls the upstream from a loop, over kept-alive sockets on the same thread, the most
// recently used first.
type loopClient struct {
	loop *eventloop.Loop
	addr netip.AddrPort
	idle []*loopCall
}

// loopCall is a connection to the upstream with its call, if any.
type loopCall struct {
	client *loopClient
	conn   *eventloop.Conn
	parser http1.ResponseParser
	in     []byte // the start of an incomplete response
	url    *url.URL
	limit  time.Duration               // of the call, the time to connect included
	done   func(workload.Reply, error) // nil while idle
	reused bool                        // the connection has carried an earlier call
}

// get calls the upstream. done is called once, on the loop, and never before get returns.
func (c *loopClient) get(u *url.URL, limit time.Duration, done func(workload.Reply, error)) {
	if n := len(c.idle) - 1; n >= 0 {
		call := c.idle[n]
		c.idle = c.idle[:n]
		call.reused = true
		call.send(u, limit, done)
		return
	}
	c.dial(u, limit, done)
}

func (c *loopClient) dial(u *url.URL, limit time.Duration, done func(workload.Reply, error)) {
	call := &loopCall{client: c}
	err := errNoUpstream
	if c.addr.IsValid() {
		call.conn, err = c.loop.Dial(c.addr, call)
	}
	if err != nil {
		c.loop.Post(func() { done(workload.Reply{}, err) })
		return
	}
	call.send(u, limit, done)
}

func (c *loopCall) send(u *url.URL, limit time.Duration, done func(workload.Reply, error)) {
	c.url, c.limit, c.done = u, limit, done
	c.parser.Reset()
	c.conn.SetIdle(0)
	c.conn.SetDeadline(limit + time.Since(c.client.loop.Now())) // which stands still within a turn
	c.conn.Write(http1.AppendRequest(nil, "GET", u.Host, u.RequestURI(), "", nil))
}

func (c *loopCall) Data(b []byte) {
	if c.done == nil {
		c.conn.Close() // on an idle connection the upstream closes, or is out of step
		return
	}
	eof := len(b) == 0
	if len(c.in) > 0 {
		c.in = append(c.in, b...)
		b = c.in
	}
	if len(b) == 0 {
		c.conn.Close() // without an answer: Closed reports it, or tries again
		return
	}
	n, err := c.parser.Parse(b, eof)
	switch {
	case err != nil:
		c.finish(workload.Reply{}, fmt.Errorf("upstream %s: response: %w", c.client.addr, err), false)
	case n > 0:
		c.finish(workload.Reply{Status: c.parser.Status, ContentType: string(c.parser.ContentType),
			Body: c.parser.Body}, nil,
			n == len(b) && !c.parser.Close && !eof)
	case len(c.in) == 0:
		c.in = append(c.in, b...)
	}
}

// finish ends the call. The reply's body lies in the buffers, so no other call gets them before
// done returns.
func (c *loopCall) finish(r workload.Reply, err error, keep bool) {
	done := c.done
	c.done = nil
	done(r, err)
	if !keep {
		c.conn.Close()
		return
	}
	c.in = nil
	c.conn.SetDeadline(0)
	c.conn.SetIdle(keepAlive)
	c.client.idle = append(c.client.idle, c)
}

func (c *loopCall) Drained() {}

func (c *loopCall) Closed(err error) {
	if c.done == nil {
		if i := slices.Index(c.client.idle, c); i >= 0 {
			c.client.idle = slices.Delete(c.client.idle, i, i+1)
		}
		return
	}
	done := c.done
	c.done = nil
	if c.reused && len(c.in) == 0 && (!workload.IsTimeout(err) || errors.Is(err, eventloop.ErrIdle)) {
		// A kept connection ended, closed by the upstream or idle for too long, just as it was
		// taken. Nothing was answered, so a GET may be sent again (RFC 9110 section 9.2.2).
		c.client.dial(c.url, c.limit, done)
		return
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	done(workload.Reply{}, fmt.Errorf("upstream %s: %w", c.client.addr, err))
}
