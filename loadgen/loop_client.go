package loadgen

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"nodecompare/loadgen/response"
	"nodecompare/servers/eventloop"
)

// errOpening is the error of a connection whose opening the server did not answer.
var errOpening = fmt.Errorf("the server did not answer the opening of the conversation: %w", io.ErrUnexpectedEOF)

// connState is the state of a client's connection.
type connState uint8

const (
	closed   connState = iota // no connection
	queued                    // waiting for the dialer
	dialing                   // attempt pending
	greeting                  // open, with an unanswered opening
	idle                      // open, without a request
	active                    // open, with a request
	closing                   // closed by us, before Closed is called
)

// client is one of the load's connections with its request. It reopens the connection after each
// end. client is the connection's eventloop.Handler: Closed is its last call for a connection, and
// only then does the client ask for another.
type client struct {
	engine  *loopThread
	conn    *eventloop.Conn
	state   connState
	reused  bool  // the connection has carried a response
	unsent  bool  // part of the request is not yet in the kernel
	refused error // what was wrong with the answer to the opening
	at      int   // index of its address
	place   int   // index in the run's list of free clients
	talk    talk
	self    selfPaced // the talk, if it is one; else nil
	index   int       // among the thread's

	pending bool // has a request, sent or to be sent
	seq     uint64
	heard   bool          // something was told in it
	target  int           // index of the request's target
	sent    time.Duration // when it was taken up, from the start of the run
	dialled time.Duration // when its connection was last tried, and 0 before the start

	rest *eventloop.Timer // until the next turn, or until it joins again; nil for none
}

// take takes a request up and sends it, over a new connection if necessary.
func (c *client) take(now time.Duration) {
	c.engine.current.takes(c, now)
	if c.state == idle {
		c.transmit(now)
	} else {
		c.engine.dialer.add(c)
	}
}

func (c *client) transmit(now time.Duration) {
	c.state = active
	c.conn.SetDeadline(c.remaining(now))
	wire := c.engine.script.says[c.target].wire
	if c.self != nil {
		wire = c.self.asks()
	}
	c.unsent = !c.conn.Write(wire)
}

// remaining returns what is left of the request's timeout. The loop keeps one timer for each
// connection and moves it at most once per timeout, so a request pays nothing for it.
func (c *client) remaining(now time.Duration) time.Duration {
	if !c.pending {
		return c.engine.attack.Timeout
	}
	return max(c.engine.attack.Timeout-(now-c.sent), 1)
}

// dial opens the connection. The dialer calls it.
func (c *client) dial() {
	d := &c.engine.dialer
	c.at = d.addrs.at
	// the request begins here
	if r := c.engine.current; c.engine.attack.Connect.New && r.rate == 0 && !c.pending {
		r.takes(c, r.clock())
	}
	c.dialled = 0
	if r := c.engine.current; r.started {
		c.dialled = r.clock()
	}
	conn, err := c.engine.loop.Dial(d.addrs.all[c.at], c)
	if err != nil {
		c.state = closed
		c.unreachable(err)
		return
	}
	c.conn, c.state = conn, dialing
	d.underWay++
	conn.SetDeadline(c.remaining(c.engine.current.clock()))
}

// Connected implements eventloop.Dialled.
func (c *client) Connected() {
	c.engine.dialer.addrs.reached = true
	c.reused, c.unsent, c.refused = false, false, nil
	if opening := c.talk.connected(); opening != nil {
		c.state = greeting
		c.unsent = !c.conn.Write(opening)
		if c.engine.company != nil {
			c.rest.Set(c.engine.script.again)
		}
		return
	}
	c.stands()
}

// stands is called when the connection is ready for its first turn.
func (c *client) stands() {
	e := c.engine
	e.dialer.underWay--
	c.state = idle
	if now := e.current.clock(); c.pending {
		c.transmit(now)
	} else {
		e.current.offer(c, now)
	}
	e.dialer.next()
}

// Data implements eventloop.Handler.
//
// The clock is read once for a complete response. That time ends its request and, in a closed load,
// begins the next one on its connection, as for a user without think time. So the latencies of a
// connection add up to the run (Little's law: connections = throughput * mean latency), and none is
// too short: the time is taken before the send call, and after the last byte has been parsed.
//
// A latency is too long by the time that the response waited in the kernel while the loop served
// other connections: nothing if the loop was asleep, one turn of the loop at worst, some 6 µs for
// each response of a batch of at most 256. The time of the poll, Loop.Now, would leave that wait
// out at no cost. But then a generator at its limit would seem to have fewer requests in flight
// than it has.
func (c *client) Data(b []byte) {
	if c.state != active {
		c.between(b)
		return
	}
	if !c.pending {
		c.overhears(b)
		return
	}
	if len(b) == 0 {
		c.ended()
		return
	}
	for {
		used, h, err := c.talk.hear(&c.engine.script.says[c.target], b)
		switch {
		case err != nil:
			c.failed(fmt.Errorf("reading a response: %w", err))
			c.drop()
		case h.what == over:
			// Bytes beyond the response belong to no request of ours: the connection is out of
			// step, unless the server may speak unasked.
			c.answered(h.answer, used == len(b) || c.engine.script.unasked)
			if b = b[used:]; len(b) > 0 && c.engine.script.unasked {
				c.Data(b)
			}
		case h.what == told:
			c.told(h)
			if b = b[used:]; len(b) > 0 {
				continue
			}
		case h.what == flow:
			c.conn.SetDeadline(c.engine.attack.Timeout)
		}
		return
	}
}

// overhears takes what a lasting turn is told between two runs, which nobody counts.
func (c *client) overhears(b []byte) {
	ends := len(b) == 0
	for len(b) > 0 && !ends {
		used, h, err := c.talk.hear(&c.engine.script.says[c.target], b)
		ends = err != nil || h.what == over
		if b = b[used:]; h.what == told || h.what == flow {
			c.conn.SetDeadline(c.engine.attack.Timeout)
		}
	}
	if ends {
		c.drop() // the next run opens another
	}
}

// between takes what comes when no turn is under way.
func (c *client) between(b []byte) {
	switch {
	case c.state == greeting && len(b) == 0:
		c.conn.Close() // Closed takes it for a connection that could not be had
	case c.state == greeting:
		for len(b) > 0 && c.state == greeting {
			used, h, err := c.talk.hear(nil, b)
			if h.reply != nil {
				c.conn.Write(h.reply)
			}
			if err != nil {
				c.refused = err
				c.conn.Close()
				return
			}
			if h.what == over {
				c.stands()
			}
			b = b[used:]
		}
		if len(b) > 0 {
			c.Data(b)
		}
	case c.state == idle && len(b) > 0 && c.engine.script.unasked:
		for len(b) > 0 && c.state == idle {
			used, h, err := c.talk.hear(nil, b)
			if h.reply != nil {
				c.conn.Write(h.reply)
			}
			if err != nil {
				c.lostIdle(err)
				c.drop()
				return
			}
			if h.what == told && c.engine.current != nil {
				c.told(h)
			}
			b = b[used:]
		}
	case c.state == idle: // the server ends the connection, or speaks unasked
		if c.engine.company != nil {
			_, err := c.talk.ended()
			c.lostIdle(err)
		}
		c.drop()
	}
}

// told records what came within a turn, or between two, as a request and its answer.
func (c *client) told(h heard) {
	r := c.engine.current
	if r == nil || !r.started {
		return
	}
	x := outcome{told: true, seq: c.seq, target: c.target, sent: c.sent, done: r.clock(), answer: h.answer,
		order: h.order, missed: h.missed}
	switch h.said {
	case 0:
	case unknown:
		x.untimed, x.sent = true, x.done
	default:
		x.sent = time.Unix(0, h.said).Sub(r.start)
	}
	if h.order == undecided {
		c.engine.company.undecidedYet(c.talk, &x)
		return
	}
	r.rec.add(&x)
	c.heard = true
	if c.engine.script.lasting {
		c.conn.SetDeadline(c.engine.attack.Timeout)
	}
}

// resting says that the conversation's pace has the next turn wait, and sees to it that it comes.
func (c *client) resting(now time.Duration) bool {
	if c.rest == nil {
		return false
	}
	wait := c.sent + c.engine.script.pace - now
	if c.self != nil {
		wait = c.self.next() - now
	}
	if wait > 0 {
		c.rest.Set(wait)
		if c.state == idle {
			c.conn.SetDeadline(0)
		}
	}
	return wait > 0
}

// rested is called when the next turn may begin.
func (c *client) rested() {
	r := c.engine.current
	switch {
	case r == nil || c.pending:
	case c.engine.company != nil:
		r.rejoins(c)
	case r.started && (c.state == idle || c.self != nil && c.state == closed):
		r.offer(c, r.clock())
	}
}

// ended handles the end of the connection's bytes.
func (c *client) ended() {
	a, err := c.talk.ended()
	if err == nil {
		c.answered(a, false)
		return
	}
	c.lost(err)
	c.drop()
}

// answered ends the request with a complete response.
func (c *client) answered(a response.Answer, inStep bool) {
	r := c.engine.current
	now := r.clock()
	r.finish(c, &outcome{seq: c.seq, target: c.target, sent: c.sent, done: now, answer: a})
	if a.Close || !inStep || c.unsent || c.engine.attack.Connect.New {
		c.drop()
		return
	}
	c.state, c.reused = idle, true
	r.offer(c, now)
}

// lost handles a connection that ended before its response was complete. If the server closed a
// kept-alive connection just as the request arrived, and a repeat is harmless, the request stays
// pending and Closed sends it again.
func (c *client) lost(err error) {
	gone := errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
	switch {
	case c.talk.begun():
		c.failed(fmt.Errorf("reading a response: %w", response.UnexpectedEOF(err)))
	case gone && c.reused && c.engine.script.says[c.target].safe:
		c.engine.current.rec.res.Retries++
	default:
		c.failed(fmt.Errorf("waiting for a response: %w", response.UnexpectedEOF(err)))
	}
}

func (c *client) failed(err error) {
	r := c.engine.current
	r.finish(c,
		&outcome{seq: c.seq, target: c.target, sent: c.sent, done: r.clock(),
			failure: failure{classify(err), err.Error()}})
}

// unreachable handles a failed attempt to connect.
func (c *client) unreachable(err error) {
	e := c.engine
	if e.dialer.addrs.another(c.at) {
		e.dialer.add(c)
		return
	}
	if e.company != nil {
		e.current.outside(c, err)
		return
	}
	r := e.current
	if r.rate == 0 {
		e.dialer.rest(dialPause)
	}
	if !c.pending { // in a closed load a failed connection is a failed request, since it was tried
		r.takes(c, c.dialled)
		if !r.started {
			r.begin() // with the connections there are
		}
	}
	c.failed(err)
	r.offer(c, r.clock())
}

// Drained implements eventloop.Handler.
func (c *client) Drained() { c.unsent = false }

// Closed implements eventloop.Handler.
func (c *client) Closed(err error) {
	e, was := c.engine, c.state
	c.conn, c.state = nil, closed
	r := e.current
	if was == idle && err != nil {
		c.lostIdle(err)
	}
	if r == nil {
		return // between runs; the next run opens a new one
	}
	switch was {
	case dialing, greeting:
		e.dialer.underWay--
		if err == nil {
			err = cmp.Or(c.refused, errOpening)
		}
		c.unreachable(fmt.Errorf("connecting to %s: %w", e.dialer.addrs.all[c.at], err))
		e.dialer.next()
		return
	case idle:
		r.forget(c)
	case active:
		if c.pending {
			c.lost(err)
		}
	}
	if c.pending {
		e.dialer.add(c)
	} else if r.started { // before that, the start handles it
		r.offer(c, r.clock())
	}
}

// drop closes the connection.
func (c *client) drop() {
	switch c.state {
	case dialing, greeting:
		c.engine.dialer.underWay--
	case idle:
		if r := c.engine.current; r != nil {
			r.forget(c)
		}
	}
	c.state = closing
	c.conn.Close()
}
