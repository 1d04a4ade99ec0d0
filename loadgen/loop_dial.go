package loadgen

import (
	"net/netip"
	"time"

	"nodecompare/servers/eventloop"
)

// How connections are opened. A server's accept backlog (4096 on a Linux of today, 511 in Node.js, 128 and less
// elsewhere) overflows when connections come faster than it accepts them; a SYN that is dropped then comes again a second
// later. On loopback a connection stands before the server knows of it, so it is the pace that has to leave it time.
const (
	dialBatch = 64                    // at once, before the clock starts,
	dialEvery = 8 * time.Millisecond  // and then so many again: 8,000 a second; afterwards, as the load needs them
	dialMost  = 256                   // under way at once, at any time
	dialPause = 50 * time.Millisecond // after one that failed, in closed load
)

// dialler opens connections, in the order in which they are asked for.
type dialler struct {
	loop     *eventloop.Loop
	addrs    addresses
	waiting  []*client
	first    int // of waiting
	underWay int
	paced    bool
	batch    int // opened since the last rest
	running  bool
	rests    bool // until the timer
	timer    eventloop.Timer
}

func (d *dialler) init(l *eventloop.Loop) {
	d.loop = l
	d.timer.Init(l, func() { d.rests = false; d.next() })
}

// add has a connection opened for c.
func (d *dialler) add(c *client) {
	c.state = queued
	d.waiting = append(d.waiting, c)
	d.next()
}

// next opens as many connections as may be opened now. A client whose attempt fails at once may be added again from
// within: the loop below takes it up, rather than one call inside another.
func (d *dialler) next() {
	if d.running {
		return
	}
	d.running = true
	for d.first < len(d.waiting) && d.underWay < dialMost && !d.rests {
		if d.batch++; d.paced && d.batch > dialBatch {
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
func (d *dialler) rest(t time.Duration) {
	d.rests, d.batch = true, 0
	d.timer.Set(t)
}

// forget drops those that wait, but for the ones to keep.
func (d *dialler) forget(keep func(*client) bool) {
	kept := d.waiting[:0]
	for _, c := range d.waiting[d.first:] {
		if keep(c) {
			kept = append(kept, c)
		} else {
			c.state = down
		}
	}
	clear(d.waiting[len(kept):])
	d.waiting, d.first = kept, 0
}

// addresses are tried one after the other until one answers: "localhost" often has two, of which the server has one.
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
