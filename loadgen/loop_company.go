package loadgen

import (
	"fmt"
	"time"
)

// The part of a run that a conversation with a company has in place of turns: see company.

const (
	// tailStep is the time between two looks at whether all was heard that was said.
	tailStep = 2 * time.Millisecond
	// quietTail, or twice the longest latency, if that is more, is how long nothing may come after
	// the schedule's end while something is awaited; and that is awaited for no longer than
	// Attack.Timeout.
	quietTail = 2 * time.Second
)

// open begins the schedule of a company.
func (r *loopRun) open() {
	e := r.engine
	e.company.begin(r.start, e.attack.Pace())
	for _, x := range r.early {
		r.rec.add(&x)
	}
	for i := range e.clients {
		r.admit(&e.clients[i])
	}
	r.plan()
}

// close ends the run of a company, and returns how much was said that was not heard.
func (r *loopRun) close() (unheard uint64) {
	e := r.engine
	if e.company == nil || !r.started || r.over {
		return 0
	}
	for i := range e.clients {
		if e.clients[i].state == idle {
			e.attack.moved(-1)
		}
	}
	return e.company.end(&r.rec.res.Deliveries, r.rec.add)
}

// admit sees to it that a connection joins, after a while, if it is not there.
func (r *loopRun) admit(c *client) {
	switch {
	case c.state == idle:
		c.conn.SetDeadline(0)
		r.engine.attack.moved(1)
	case c.state == closed && !r.over:
		c.rest.Set(r.engine.script.again)
	}
}

// rejoins has a connection that is not there try again.
func (r *loopRun) rejoins(c *client) {
	switch {
	case r.over:
	case c.state == closed && r.started:
		r.engine.dialer.add(c)
	case c.state == greeting:
		c.conn.Write(r.engine.company.greet(c.talk))
		c.rest.Set(r.engine.script.again)
	}
}

// say sends the next message of the schedule.
func (r *loopRun) say(now time.Duration) {
	seq := r.due.take()
	by, wire := r.engine.company.say(seq)
	if by < 0 { // the schedule counts it as unsent
		r.rec.res.Deliveries.Vacant++
		return
	}
	r.engine.clients[by].conn.Write(wire)
	r.rec.said(seq, now)
}

// listen waits for what was said in the schedule and has not been heard, and then ends the run.
func (r *loopRun) listen() {
	if r.over {
		return
	}
	r.due.next = r.due.offered // what is still due is not said any more
	now := r.clock()
	if r.said == 0 {
		r.said = now
	}
	quiet := now - max(r.rec.res.Ended, r.said)
	longest := time.Duration(r.rec.res.Latency.Max())
	if r.engine.company.settled() || quiet > max(quietTail, 2*longest) ||
		now-r.said > r.engine.attack.Timeout {
		r.stop()
		return
	}
	r.timer.Set(now + tailStep - r.engine.loop.Now().Sub(r.start))
}

// outside records that a connection could not be had, or was lost, as an error of its own.
func (r *loopRun) outside(c *client, err error) {
	if c.talk.begun() {
		err = fmt.Errorf("it has joined and did not hear its own first message: %w", err)
	}
	x := outcome{told: true, failure: failure{classify(err), err.Error()}}
	switch {
	case r.over:
	case r.started:
		x.sent = r.clock()
		x.done = x.sent
		r.rec.add(&x)
		r.admit(c)
	default:
		r.early = append(r.early, x)
		if r.awaited--; r.awaited == 0 {
			r.ready()
		}
	}
}

// lostIdle is called when the server ends a connection between turns.
func (c *client) lostIdle(err error) {
	e := c.engine
	if e.company == nil {
		return
	}
	x := outcome{told: true, failure: failure{classify(err), err.Error()}}
	switch r := e.current; {
	case r == nil || r.over:
		e.company.left(c.index, c.talk, nil)
	case !r.started:
		e.company.left(c.index, c.talk, nil)
		r.early = append(r.early, x)
	default:
		e.attack.moved(-1)
		e.company.left(c.index, c.talk, &r.rec.res.Deliveries)
		x.sent = r.clock()
		x.done = x.sent
		r.rec.add(&x)
	}
}
