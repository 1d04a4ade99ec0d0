package loadgen

import (
	"time"

	"nodecompare/loadgen/sample"
	"nodecompare/servers/eventloop"
)

// startBatch is how many connections send their first request in one turn of the loop, so that the
// first answers need not wait for the last request.
const startBatch = 64

// loopQuantum is the shortest wait of the open-load schedule. Above 20,000/s, requests due within
// one quantum are sent in one batch. SendLag shows the cost.
const loopQuantum = 50 * time.Microsecond

// loopRun is one thread's part of a run. A closed load first opens its connections, and then starts
// the clock.
type loopRun struct {
	engine   *loopThread
	shared   *loopShared
	rec      *recorder
	rate     float64
	thread   int           // its number, from 0
	duration time.Duration // in an open load its Span
	done     chan *Result
	early    []outcome     // of a company, before the start
	said     time.Duration // when all was said in one; 0 until then

	start    time.Time
	started  bool
	over     bool             // no further request is taken up
	inFlight int              // taken up and unanswered
	awaited  int              // connections pending before the start
	starting int              // the next client to send its first request
	use      sample.ThreadUse // of this thread before the start; unread for a single thread

	// Of a closed load, the numbers of the requests that this thread may take up next.
	next, end uint64

	// due and the fields after it are for an open load, except for ending.
	due    schedule
	held   bool // the next one is due and waits for a connection
	free   []*client
	none   []*client // clients without a connection
	timer  eventloop.Timer
	ending eventloop.Timer
}

// newLoopRun prepares the part of a thread with that number, from 0.
func newLoopRun(e *loopThread, s *loopShared, thread int, duration time.Duration) *loopRun {
	r := &loopRun{engine: e, shared: s, rec: newRecorder(e.attack), rate: e.attack.Rate, thread: thread,
		duration: e.attack.Pace().Span(duration), done: make(chan *Result, 1)}
	r.timer.Init(e.loop, r.plan)
	r.ending.Init(e.loop, r.stop)
	if e.company != nil {
		r.ending.Init(e.loop, r.listen)
	}
	if r.rate == 0 {
		r.next, r.end = s.numbers()
	} else {
		r.due = newSchedule(e.attack.Pace(), e.attack.Pace().Offered(duration), thread, e.attack.Threads,
			e.script.period)
	}
	return r
}

// clock returns the time since the start of the run.
func (r *loopRun) clock() time.Duration { return time.Since(r.start) }

// connect opens the connections of a closed load, unless each request has a new one, and those of a
// company. Another open load opens connections on demand.
func (r *loopRun) connect() {
	e := r.engine
	e.current = r
	e.loop.Doze(false)
	if r.shared.begun() { // another thread could not connect, before this one knew of the run
		r.begin()
		return
	}
	if (r.rate == 0 || e.company != nil) && !e.attack.Connect.New && !r.paced() {
		for i := range e.clients {
			if e.clients[i].state == closed {
				r.awaited++
			}
		}
	}
	if r.awaited == 0 {
		r.ready()
		return
	}
	e.dialer.paced = true
	for i := range e.clients {
		// A failed connection starts the clock, so that the remaining attempts count as part of the
		// run.
		if c := &e.clients[i]; !r.started && c.state == closed {
			e.dialer.add(c)
		}
	}
}

// paced reports whether connections are opened when their turns are due.
func (r *loopRun) paced() bool { return len(r.engine.clients) > 0 && r.engine.clients[0].self != nil }

// ready is called when the connections stand.
func (r *loopRun) ready() {
	if r.shared.ready() {
		r.begin()
	}
}

// join begins when another thread has started the clock.
func (r *loopRun) join() {
	if r.engine.current == r && !r.started {
		r.begin()
	}
}

// begin starts the clock.
func (r *loopRun) begin() {
	r.start, r.started = r.shared.begin(r), true
	r.rec.start = r.start
	r.engine.dialer.paced = false
	if r.over {
		return
	}
	if r.engine.attack.Threads > 1 {
		r.use = sample.OwnThread()
	}
	late := r.start.Sub(r.engine.loop.Now()) // timers count from the loop's time
	if r.rate == 0 {
		// the next answer is never far, and this saves 30% of the generator's CPU
		r.engine.loop.KeepProcessor(time.Millisecond)
		r.ending.Set(late + r.duration)
		for i := range r.engine.clients {
			if c := &r.engine.clients[i]; !c.pending && c.state == active { // a lasting turn goes on
				r.takes(c, 0)
			}
		}
		if r.paced() {
			r.joinPaced()
		}
		r.startSome()
		return
	}
	r.ending.Set(late + r.duration + Grace)
	if r.engine.company != nil {
		r.open()
		return
	}
	for i := range r.engine.clients {
		// A client whose connection is closing continues by itself when Closed is called.
		if c := &r.engine.clients[i]; c.state != closing {
			r.putAside(c)
		}
	}
	r.plan()
}

// joinPaced has those who pace themselves begin anew. Their connections of the run before end.
func (r *loopRun) joinPaced() {
	for i := range r.engine.clients {
		c := &r.engine.clients[i]
		c.self.joins(i*r.engine.attack.Threads+r.thread, r.engine.attack.Connections, r.duration)
		if c.state == idle {
			c.drop()
		}
	}
}

// startSome lets the next batch of a closed load's clients send their first request.
func (r *loopRun) startSome() {
	all := r.engine.clients
	upTo := min(r.starting+startBatch, len(all))
	for ; r.starting < upTo && !r.over; r.starting++ {
		if c := &all[r.starting]; !c.pending && (c.state == idle || c.state == closed) {
			now := r.clock()
			r.rec.begins(now)
			c.sent = now - r.engine.script.pace
			r.offer(c, now)
		}
	}
	if r.starting < len(all) && !r.over {
		r.engine.loop.Post(r.startSome)
	}
}

// offer gives a client without a request, and perhaps without a connection, its next work.
func (r *loopRun) offer(c *client, now time.Duration) {
	switch {
	case !r.started:
		r.putAside(c)
		if r.awaited--; r.awaited == 0 {
			r.ready()
		}
	case r.engine.company != nil:
		r.admit(c)
	case r.over || r.rate > 0 || now >= r.duration:
		r.putAside(c)
		if r.held {
			r.plan()
		}
	case c.state == idle || c.self != nil:
		if !c.resting(now) {
			c.take(now)
		}
	default:
		r.engine.dialer.add(c)
	}
}

// putAside returns an idle client to the free list, or to the list of clients without a connection.
func (r *loopRun) putAside(c *client) {
	if c.state == idle {
		c.conn.SetDeadline(0)
	}
	switch {
	case r.rate == 0 || r.engine.company != nil:
	case c.state == idle:
		c.place = len(r.free)
		r.free = append(r.free, c)
	default:
		r.none = append(r.none, c)
	}
}

// forget removes a client whose idle connection ended.
func (r *loopRun) forget(c *client) {
	if r.rate == 0 || r.engine.company != nil {
		return
	}
	last := len(r.free) - 1
	r.free[c.place] = r.free[last]
	r.free[c.place].place = c.place
	r.free = r.free[:last]
}

// plan sends what is due and sets the timer for the next request. A due request without a
// connection is sent by the next client that becomes free.
func (r *loopRun) plan() {
	r.held = false
	for !r.over && r.due.left() {
		now := r.clock()
		when := r.due.when()
		if when > now {
			// timers count from the loop's time
			r.timer.Set(max(when, now+loopQuantum) - r.engine.loop.Now().Sub(r.start))
			return
		}
		if r.engine.company != nil {
			r.say(now)
			continue
		}
		c := r.available()
		if c == nil {
			r.held = true
			return
		}
		c.seq = r.due.take()
		c.take(now)
	}
	switch now := r.clock(); {
	case r.over:
	case now < r.duration: // all are sent, but the last one's time is not over
		r.timer.Set(r.duration - r.engine.loop.Now().Sub(r.start))
	case r.engine.company != nil:
		r.listen()
	default:
		r.stop()
	}
}

// available returns the most recently used idle client, so that no more connections are in use than
// necessary, or one without a connection.
func (r *loopRun) available() *client {
	for _, list := range []*[]*client{&r.free, &r.none} {
		if n := len(*list); n > 0 {
			c := (*list)[n-1]
			*list = (*list)[:n-1]
			return c
		}
	}
	return nil
}

// finish ends a client's request.
func (r *loopRun) finish(c *client, x *outcome) {
	c.pending = false
	r.inFlight--
	r.engine.attack.moved(-1)
	if c.self != nil {
		record(r.rec.res.SendLag, x.sent-c.self.next())
		since, timed := c.self.took(x.done, x.answer.Status)
		if x.untimed = !timed; timed {
			x.sent = since
		}
	}
	r.rec.add(x)
	r.complete()
}

// takes counts a request that is taken up. The last request of a limited closed load stops the run.
func (r *loopRun) takes(c *client, sent time.Duration) {
	number := c.seq
	if r.rate == 0 {
		number = r.next
		r.next++
	}
	c.pending, c.heard, c.target, c.sent = true, false, r.engine.rota.of(number), sent
	r.inFlight++
	r.engine.attack.moved(1)
	if r.rate == 0 && r.next == r.end {
		if r.next, r.end = r.shared.numbers(); r.next == r.end {
			r.stop()
		}
	}
}

// stop ends the sending. Requests in flight are still awaited.
func (r *loopRun) stop() {
	lasting := r.engine.script.lasting
	if lost := r.close(); lost > 0 { // else the result may be another goroutine's already
		r.rec.res.Deliveries.Missed += lost
	}
	r.ends()
	r.timer.Stop()
	r.ending.Stop()
	r.engine.dialer.forget(func(c *client) bool { return c.pending && !lasting })
	for i := range r.engine.clients {
		c := &r.engine.clients[i]
		if c.rest != nil {
			c.rest.Stop()
		}
		if c.pending && lasting { // it goes on in the next run
			c.pending = false
			r.inFlight--
			r.engine.attack.moved(-1)
		}
		if !c.pending && (c.state == dialing || c.state == greeting) {
			c.drop()
		}
	}
	r.complete()
}

// ends marks the run's end, and counts what talks know only then.
func (r *loopRun) ends() {
	for i := range r.engine.clients {
		switch c := &r.engine.clients[i]; {
		case !r.started || r.over:
		case r.engine.script.lasting:
			r.unheard(c)
		case c.self != nil:
			c.self.leaves(r.clock(), &r.rec.res)
		}
	}
	r.over = true
}

// unheard counts what a lasting turn should have been told by the end of the run.
func (r *loopRun) unheard(c *client) {
	t, ok := c.talk.(expectant)
	if !ok {
		return
	}
	d := &r.rec.res.Deliveries
	if !c.pending || !c.heard {
		d.Silent++
	}
	if c.pending {
		d.Overdue += t.overdue(r.start.UnixNano() + int64(r.clock()))
	}
}

// abort ends the run and its requests in flight.
func (r *loopRun) abort() {
	if r.engine.current != r {
		return
	}
	r.rec.res.Aborted += r.close() // that was on its way
	r.ends()
	for i := range r.engine.clients {
		c := &r.engine.clients[i]
		if !c.pending {
			continue
		}
		if c.state == dialing || c.state == greeting || c.state == active {
			c.drop()
		}
		r.finish(c,
			&outcome{seq: c.seq, target: c.target, sent: c.sent, done: r.clock(), failure: failure{kind: aborted}})
	}
	r.stop()
}

// complete delivers the result once nothing is pending.
func (r *loopRun) complete() {
	if r.over && r.inFlight == 0 && r.engine.current == r {
		r.engine.current = nil
		if ranOut := r.rate == 0 && r.next == r.end; r.started && !ranOut {
			r.rec.lasted(min(r.clock(), r.duration))
		}
		r.engine.loop.KeepProcessor(0)
		r.engine.loop.Doze(true) // lets the waiting goroutine run at once
		res := r.rec.result(r.due.own)
		if r.engine.attack.Threads > 1 {
			res.Threads = []sample.ThreadUse{{}}
			if r.started {
				res.Threads[0] = sample.OwnThread().Since(r.use)
			}
		}
		r.done <- res
	}
}
