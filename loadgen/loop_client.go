package loadgen

import (
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"nodecompare/loadgen/response"
	"nodecompare/servers/eventloop"
)

// errOpening is of a connection whose opening the server did not answer as it should.
var errOpening = errors.New("the server did not answer the opening of the conversation")

// connState is where a client's connection stands.
type connState uint8

const (
	closed   connState = iota // there is none
	queued                    // waiting for the dialer
	dialing                   // under way
	greeting                  // open, with an opening that is not answered yet
	idle                      // open, with no request
	active                    // with a request
	closing                   // closed by us; Closed is still to come
)

// client is one of the load's connections, opened again whenever it ends, with the request that it
// carries. It is the connection's handler: Closed is the last that it hears of one, and only then
// does it ask for another.
type client struct {
	engine *loopEngine
	conn   *eventloop.Conn
	state  connState
	reused bool // the connection has carried a response
	unsent bool // a part of the request is not with the kernel yet
	at     int  // number of the address that it goes to
	place  int  // in the run's list of free ones
	talk   talk

	pending bool // there is a request, sent or still to be sent
	seq     uint64
	target  int           // that it goes to
	sent    time.Duration // when it was taken up, from the start of the run

	rest *eventloop.Timer // of a conversation with a pace, until the next turn; nil for none
}

// take takes a request up and sends it, over a new connection if there is none.
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
	c.unsent = !c.conn.Write(c.engine.script.says[c.target].wire)
}

// remaining is what is left of the request's time. The loop keeps it as one timer for each
// connection, which it moves only once in that time: nothing to be paid for a request.
func (c *client) remaining(now time.Duration) time.Duration {
	if !c.pending {
		return c.engine.attack.Timeout
	}
	return max(c.engine.attack.Timeout-(now-c.sent), 1)
}

// dial is called by the dialer.
func (c *client) dial() {
	d := &c.engine.dialer
	c.at = d.addrs.at
	if r := c.engine.current; c.engine.attack.Connect.New && r.rate == 0 && !c.pending { // the request begins here
		r.takes(c, r.clock())
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
	c.reused, c.unsent = false, false
	if opening := c.talk.connected(); opening != nil {
		c.state = greeting
		c.unsent = !c.conn.Write(opening)
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
// The clock is read once for a response that is whole: that is the end of its request and, in a
// closed load, the beginning of the next one on its connection, as for a user who waits for nothing
// in between. So the latencies of a connection add up to the run (Little's law: connections =
// throughput * mean latency), and none is too short: the time is taken before the send call, and
// after the last byte has been read and understood. A latency is too long by what the response
// waited in the kernel while the loop was busy with other connections: nothing when the loop had
// been asleep, at the worst one turn of it, which is some 6 µs for each response of a batch of 256
// at most. The time of the poll, Loop.Now, would cost nothing and leave that wait out; but then no
// latency at all would hold it, and a generator at its limit would seem to have fewer requests in
// flight than it has.
func (c *client) Data(b []byte) {
	if c.state != active {
		c.between(b)
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
			// Bytes beyond the response belong to no request of ours: the connection is out of step,
			// unless the server may speak unasked.
			c.answered(h.answer, used == len(b) || c.engine.script.unasked)
			if b = b[used:]; len(b) > 0 && c.engine.script.unasked {
				c.Data(b)
			}
		case h.what == told:
			c.told(h)
			if b = b[used:]; len(b) > 0 {
				continue
			}
		}
		return
	}
}

// between takes what comes when no turn is under way.
func (c *client) between(b []byte) {
	switch {
	case c.state == greeting && len(b) > 0:
		switch _, h, err := c.talk.hear(nil, b); {
		case err != nil:
			c.conn.Close() // Closed says what that means
		case h.what == over:
			c.stands()
		}
	case c.state == idle && len(b) > 0 && c.engine.script.unasked:
		for len(b) > 0 && c.state == idle {
			used, h, err := c.talk.hear(nil, b)
			if err != nil {
				c.drop()
				return
			}
			if h.what == told && c.engine.current != nil {
				c.told(h)
			}
			b = b[used:]
		}
	case c.state == idle || c.state == greeting: // the server ends the connection, or speaks unasked
		c.drop()
	}
}

// told records what came within a turn, or between two, as a request and its answer.
func (c *client) told(h heard) {
	r := c.engine.current
	if r == nil || !r.started {
		return
	}
	x := outcome{told: true, seq: c.seq, target: c.target, sent: c.sent, done: r.clock(), answer: h.answer}
	if h.said != 0 {
		x.sent = time.Unix(0, h.said).Sub(r.start)
	}
	r.rec.add(&x)
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
	if wait > 0 {
		c.rest.Set(wait)
	}
	return wait > 0
}

// rested is called when the next turn may begin.
func (c *client) rested() {
	if r := c.engine.current; r != nil && r.started && !c.pending && c.state == idle {
		r.offer(c, r.clock())
	}
}

// ended is for the end of the connection's bytes.
func (c *client) ended() {
	a, err := c.talk.ended()
	if err == nil {
		c.answered(a, false)
		return
	}
	c.lost(err)
	c.drop()
}

// answered ends the request with a whole response.
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

// lost is for a connection that ended before the response was whole. Where a server has closed a
// kept-alive one just as the request came, the request is sent again if that can do no harm: Closed
// sees to it, as long as it is pending.
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

// unreachable is for an attempt to connect that has failed.
func (c *client) unreachable(err error) {
	e := c.engine
	if e.dialer.addrs.another(c.at) {
		e.dialer.add(c)
		return
	}
	r := e.current
	if r.rate == 0 {
		e.dialer.rest(dialPause)
	}
	if !c.pending { // a closed load's connection: that it cannot be had is the failure of a request
		if r.started {
			r.takes(c, r.clock())
		} else {
			r.takes(c, 0)
			r.begin() // with what there is
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
	if r == nil {
		return // between two runs: the next one sees that there is none
	}
	switch was {
	case dialing, greeting:
		e.dialer.underWay--
		if err == nil {
			err = errOpening
		}
		c.unreachable(fmt.Errorf("connecting to %s: %w", e.dialer.addrs.all[c.at], err))
		e.dialer.next()
		return
	case idle:
		r.forget(c)
	case active:
		c.lost(err)
	}
	if c.pending {
		e.dialer.add(c)
	} else if r.started { // before that, the start sees that there is none
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
