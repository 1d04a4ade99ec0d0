package loadgen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"runtime"
	"strconv"
	"time"

	"nodecompare/loadgen/response"
	"nodecompare/servers/eventloop"
)

// scheduleGrain is the resolution to which the loop rounds up its waits in an open load.
const scheduleGrain = time.Microsecond

// loopEngine drives a load on one event loop. Connections and loop stay from run to run, and the
// loop notices connections that the server closes in between. All mutable state belongs to the
// loop's thread.
type loopEngine struct {
	attack Attack
	rota   rota
	sends  []message // by target
	host   string
	port   uint16

	loop  *eventloop.Loop
	ended chan struct{} // closed when the loop has ended
	err   error         // of the loop; read after ended

	clients []client
	dialer  dialer
	current *loopRun // nil between runs
}

func openLoop(a Attack) (driver, error) {
	u, err := url.Parse(a.Target.URL)
	if err != nil {
		return nil, err
	}
	if what := BeyondLoop(a); what != "" {
		return nil,
			fmt.Errorf("load on %s: the %s engine cannot do %s: choose the %s engine", a.Target.URL, Loop, what, Vegeta)
	}
	port := uint64(80)
	if p := u.Port(); p != "" {
		if port, err = strconv.ParseUint(p, 10, 16); err != nil {
			return nil, err
		}
	}
	sends, err := messages(a)
	if err != nil {
		return nil, err
	}
	rota, err := newRota(a.Targets())
	if err != nil {
		return nil, err
	}
	loop, err := eventloop.New(1)
	if err != nil {
		return nil, fmt.Errorf("load on %s: %w", a.Target.URL, err)
	}
	if a.Rate > 0 {
		loop.SetResolution(scheduleGrain)
	}
	e := &loopEngine{
		attack: a, rota: rota, sends: sends, host: u.Hostname(), port: uint16(port),
		loop: loop, ended: make(chan struct{}), clients: make([]client, a.Connections),
	}
	e.dialer.init(loop)
	for i := range e.clients {
		e.clients[i].engine = e
		e.clients[i].parser = response.NewParser(a.MaxBody, a.WantBody)
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

func (e *loopEngine) close() {
	e.loop.Stop()
	<-e.ended
}

// run passes one run to the loop and waits for it. An address that cannot be resolved is an error,
// because there is nothing to send to.
func (e *loopEngine) run(ctx context.Context, duration time.Duration) (*Result, error) {
	addrs, err := e.resolve(ctx)
	if err != nil && ctx.Err() != nil {
		return newRecorder(e.attack).result(0), ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("load on %s: %w", e.attack.Target.URL, err)
	}
	r := newLoopRun(e, duration)
	e.loop.Post(func() { e.dialer.addrs.set(addrs); r.connect() })
	stopOnCancel := context.AfterFunc(ctx, func() { e.loop.Post(r.abort) })
	defer stopOnCancel()
	select {
	case res := <-r.done:
		return res, ctx.Err()
	case <-e.ended:
		return nil, fmt.Errorf("load on %s: %w", e.attack.Target.URL, cmp.Or(e.err, eventloop.ErrStopped))
	}
}

// resolve returns the target's addresses, in the order to try them.
func (e *loopEngine) resolve(ctx context.Context) ([]netip.AddrPort, error) {
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", e.host)
	if err != nil {
		return nil, err
	}
	addrs := make([]netip.AddrPort, len(ips))
	for i, ip := range ips {
		addrs[i] = netip.AddrPortFrom(ip.Unmap(), e.port)
	}
	return addrs, nil
}

// The pace of opening connections. A server's accept backlog (4096 on current Linux, 511 in
// Node.js, 128 or less elsewhere) overflows if connections arrive faster than the server accepts
// them, and a dropped SYN is repeated only after a second. On loopback a connection is established
// before the server knows of it, so the pace must leave the server time.
const (
	dialBatch = 64 // at once, before the clock starts
	// between batches: 8,000 a second; later connections open on demand
	dialEvery = 8 * time.Millisecond
	dialMost  = 256                   // pending at once
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
	running  bool
	rests    bool // until the timer fires
	timer    eventloop.Timer
}

func (d *dialer) init(l *eventloop.Loop) {
	d.loop = l
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
