package loadgen

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"nodecompare/servers/eventloop"
)

// scheduleGrain is the resolution to which the loop rounds up its waits in an open load.
const scheduleGrain = time.Microsecond

// loopThread is one thread of a load: an event loop with its share of the connections. Connections
// and loop stay from run to run, and the loop notices connections that the server closes in
// between. All mutable state belongs to the loop's thread.
type loopThread struct {
	attack  Attack // the whole one
	rota    rota
	script  script
	company company // of its connections; nil for none

	loop  *eventloop.Loop
	ended chan struct{} // closed when the loop has ended
	err   error         // of the loop; read after ended

	clients []client
	dialer  dialer
	current *loopRun // nil between runs
}

// openLoopThread begins one of a load's threads.
func openLoopThread(a Attack, rota rota, s script, thread int) (*loopThread, error) {
	loop, err := eventloop.New(1)
	if err != nil {
		return nil, fmt.Errorf("load on %s: %w", a.Target.URL, err)
	}
	if a.Rate > 0 {
		loop.SetResolution(scheduleGrain)
	}
	talks, all := s.talks(thread, a.Threads)
	e := &loopThread{
		attack: a, rota: rota, script: s, company: all,
		loop: loop, ended: make(chan struct{}), clients: make([]client, len(talks)),
	}
	e.dialer.init(loop, a.Threads)
	for i, t := range talks {
		c := &e.clients[i]
		c.engine, c.talk, c.index = e, t, i
		c.self, _ = t.(selfPaced)
		if s.pace > 0 || s.again > 0 || c.self != nil {
			c.rest = new(eventloop.Timer)
			c.rest.Init(loop, c.rested)
		}
	}
	if len(e.clients) > 0 && e.clients[0].self != nil {
		loop.SetResolution(scheduleGrain)
	}
	go func() {
		defer close(e.ended)
		// never unlocked: the thread with its sharp timers ends with the goroutine
		runtime.LockOSThread()
		if e.err = sharpenTimers(); e.err != nil {
			loop.Stop() // Run then only releases the loop's resources
		}
		e.err = errors.Join(e.err, loop.Run())
	}()
	return e, nil
}

func (e *loopThread) close() {
	e.loop.Stop()
	<-e.ended
}

// The pace of opening connections. A server's accept backlog (4096 on current Linux, 511 in
// Node.js, 128 or less elsewhere) overflows if connections arrive faster than the server accepts
// them, and a dropped SYN is repeated only after a second. On loopback a connection is established
// before the server knows of it, so the pace must leave the server time.
const (
	dialBatch = 64 // at once, before the clock starts
	// between batches: 8,000 a second; later connections open on demand
	dialEvery = 8 * time.Millisecond
	dialMost  = 256                   // pending at once, of all threads together
	dialPause = 50 * time.Millisecond // after a failed attempt, in closed load
)

// dialer opens connections, in the order of the requests for them.
type dialer struct {
	loop     *eventloop.Loop
	addrs    addresses
	waiting  []*client
	first    int // index of the first waiting client
	underWay int
	paced    bool
	batch    int // opened since the last rest
	// this thread's part of dialMost and dialBatch
	most, batchOf int
	running       bool
	rests         bool // until the timer fires
	timer         eventloop.Timer
}

func (d *dialer) init(l *eventloop.Loop, threads int) {
	d.loop, d.most, d.batchOf = l, max(dialMost/threads, 1), max(dialBatch/threads, 1)
	d.timer.Init(l, func() { d.rests = false; d.next() })
}

// add queues c for a connection.
func (d *dialer) add(c *client) {
	c.state = queued
	d.waiting = append(d.waiting, c)
	d.next()
}

// next opens as many connections as the pace permits. A client whose attempt fails at once may call
// add from within; the loop below then continues, without recursion.
func (d *dialer) next() {
	if d.running {
		return
	}
	d.running = true
	for d.first < len(d.waiting) && d.underWay < d.most && !d.rests {
		if d.batch++; d.paced && d.batch > d.batchOf {
			d.rest(dialEvery)
			break
		}
		c := d.waiting[d.first]
		d.waiting[d.first] = nil
		d.first++
		c.dial()
	}
	if d.first == len(d.waiting) {
		d.waiting, d.first = d.waiting[:0], 0
	}
	d.running = false
}

// rest pauses the opening for t.
func (d *dialer) rest(t time.Duration) {
	d.rests, d.batch = true, 0
	d.timer.Set(t)
}

// forget drops the waiting clients, except those that keep accepts.
func (d *dialer) forget(keep func(*client) bool) {
	kept := d.waiting[:0]
	for _, c := range d.waiting[d.first:] {
		if keep(c) {
			kept = append(kept, c)
		} else {
			c.state = closed
		}
	}
	clear(d.waiting[len(kept):])
	d.waiting, d.first = kept, 0
}

// addresses are tried in order until one answers: "localhost" often has two, and the server listens
// on one.
type addresses struct {
	all     []netip.AddrPort
	at      int
	reached bool // all[at] has answered
}

func (a *addresses) set(all []netip.AddrPort) { *a = addresses{all: all} }

// another reports whether an untried address is left after the one with number failed.
func (a *addresses) another(failed int) bool {
	if failed == a.at && !a.reached && a.at+1 < len(a.all) {
		a.at++
	}
	return failed != a.at
}
