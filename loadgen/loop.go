package loadgen

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"nodecompare/servers/eventloop"
)

// scheduleGrain is to what the loop's waits are rounded up in an open load.
const scheduleGrain = time.Microsecond

// loopEngine is one thread of a load: an event loop with its share of the connections. Its
// connections stay from run to run, and so does the loop, which sees those that the server ends
// meanwhile. Whatever changes belongs to the loop's thread.
type loopEngine struct {
	attack Attack // the whole one
	rota   rota
	script script

	loop  *eventloop.Loop
	ended chan struct{} // closed when the loop has ended
	err   error         // of the loop; to be read once it has ended

	clients []client
	dialer  dialer
	current *loopRun // nil between runs
}

// openLoopThread begins one of a load's threads.
func openLoopThread(a Attack, rota rota, s script, connections int) (*loopEngine, error) {
	loop, err := eventloop.New(1)
	if err != nil {
		return nil, fmt.Errorf("load on %s: %w", a.Target.URL, err)
	}
	if a.Rate > 0 {
		loop.SetResolution(scheduleGrain)
	}
	e := &loopEngine{
		attack: a, rota: rota, script: s,
		loop: loop, ended: make(chan struct{}), clients: make([]client, connections),
	}
	e.dialer.init(loop, a.Threads)
	for i, t := range s.talks(connections) {
		c := &e.clients[i]
		c.engine, c.talk = e, t
		if s.pace > 0 {
			c.rest = new(eventloop.Timer)
			c.rest.Init(loop, c.rested)
		}
	}
	go func() {
		defer close(e.ended)
		runtime.LockOSThread() // and never unlocked: the thread, with its sharp timers, ends with the goroutine
		if e.err = sharpenTimers(); e.err != nil {
			loop.Stop() // Run then only frees what the loop holds
		}
		e.err = errors.Join(e.err, loop.Run())
	}()
	return e, nil
}

func (e *loopEngine) close() {
	e.loop.Stop()
	<-e.ended
}

// How connections are opened. A server's accept backlog (4096 on a Linux of today, 511 in Node.js,
// 128 and less elsewhere) overflows when connections come faster than it accepts them; a SYN that
// is dropped then comes again a second later. On loopback a connection stands before the server
// knows of it, so it is the pace that has to leave it time.
const (
	dialBatch = 64                    // at once, before the clock starts,
	dialEvery = 8 * time.Millisecond  // and then so many again: 8,000 a second; afterwards, as the load needs them
	dialMost  = 256                   // under way at once, at any time, of all threads together
	dialPause = 50 * time.Millisecond // after one that failed, in closed load
)

// dialer opens connections, in the order in which they are asked for.
type dialer struct {
	loop     *eventloop.Loop
	addrs    addresses
	waiting  []*client
	first    int // of waiting
	underWay int
	paced    bool
	batch    int // opened since the last rest
	// this thread's part of dialMost and dialBatch
	most, batchOf int
	running       bool
	rests         bool // until the timer
	timer         eventloop.Timer
}

func (d *dialer) init(l *eventloop.Loop, threads int) {
	d.loop, d.most, d.batchOf = l, max(dialMost/threads, 1), max(dialBatch/threads, 1)
	d.timer.Init(l, func() { d.rests = false; d.next() })
}

// add has a connection opened for c.
func (d *dialer) add(c *client) {
	c.state = queued
	d.waiting = append(d.waiting, c)
	d.next()
}

// next opens as many connections as may be opened now. A client whose attempt fails at once may be
// added again from within: the loop below takes it up, rather than one call inside another.
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

// rest opens none for a while.
func (d *dialer) rest(t time.Duration) {
	d.rests, d.batch = true, 0
	d.timer.Set(t)
}

// forget drops those that wait, but for the ones to keep.
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

// addresses are tried one after the other until one answers: "localhost" often has two, of which
// the server has one.
type addresses struct {
	all     []netip.AddrPort
	at      int
	reached bool // all[at] has answered
}

func (a *addresses) set(all []netip.AddrPort) { *a = addresses{all: all} }

// another tells whether there is one to try after the one with number failed.
func (a *addresses) another(failed int) bool {
	if failed == a.at && !a.reached && a.at+1 < len(a.all) {
		a.at++
	}
	return failed != a.at
}
