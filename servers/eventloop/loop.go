// Package eventloop runs many connections on one thread, as Node.js's libuv and Redis's ae do.
//
// A Loop owns one OS thread. Each turn of it has four phases, named and ordered as libuv's
// (https://docs.libuv.org/en/v1.x/design.html):
//
//	timers   run every timer that is due
//	poll     wait for sockets, for no longer than the next timer allows, and run their handlers
//	posted   run what other goroutines handed over, completions of the worker pool among them
//	close    close what was closed during this turn
//
// Every method of Loop, Conn, Listener and Timer belongs to the loop's thread, that is to code that
// the loop calls; only Post and Stop may be called from any goroutine.
package eventloop

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// ErrStopped closes the connections of a stopped loop. Run and Listen return it afterwards.
var ErrStopped = errors.New("event loop stopped")

// readSize is the length of the one buffer into which a loop reads all connections. Idle
// connections hold no buffer.
const readSize = 64 << 10

// Loop is an event loop. Create it with New, then call Run.
type Loop struct {
	poller    poller
	conns     []*socket // by file descriptor
	timers    timerHeap
	timerTurn uint64        // of the timer set last
	grain     time.Duration // waits for timers are rounded up to it
	wall      time.Time     // read at the start of a turn and after poll
	now       time.Duration // wall as the monotonic time since base
	base      time.Time
	buf       []byte

	mu      sync.Mutex
	posted  []func()
	running []func() // the posted phase's batch, kept for its capacity
	waiting atomic.Int32
	sleep   atomic.Int32 // awake, polls or dozes
	waking  sync.Mutex   // held while the poller is woken or closed
	gone    bool         // guarded by waking: the poller is closed
	stopped bool         // guarded by mu: Post accepts nothing more
	stop    atomic.Bool

	hold    time.Duration // see KeepProcessor
	rare    bool          // the last wait was longer than hold
	dozing  bool          // see Doze
	roused  chan struct{} // ends a doze
	closing []*socket
	pool    pool
}

// How a loop sleeps, which is how it is woken.
const (
	awake int32 = iota
	polls       // in the poller
	dozes       // on roused
)

// New returns a loop whose worker pool has the given number of goroutines (libuv's default is 4),
// which start with the first Work. The loop holds file descriptors from then on. To free them call
// Run and end it by Stop.
func New(workers int) (*Loop, error) {
	if workers < 1 {
		return nil, fmt.Errorf("event loop: %d workers asked for, at least 1 is needed", workers)
	}
	p, err := newPoller()
	if err != nil {
		return nil, fmt.Errorf("event loop: opening the kernel's poller: %w", err)
	}
	l := &Loop{poller: p, buf: make([]byte, readSize), base: time.Now(), grain: time.Millisecond,
		roused: make(chan struct{}, 1)}
	l.pool.init(l, workers)
	l.readClock()
	return l, nil
}

// Run runs the loop on the calling goroutine, locked to its thread, until Stop. It then closes
// every socket, waits for running work of the pool, and returns nil, or the poller's error that
// ended it. A loop runs once: later calls return ErrStopped.
func (l *Loop) Run() error {
	l.mu.Lock()
	over := l.stopped
	l.mu.Unlock()
	if over {
		return ErrStopped
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l.readClock()
	var err error
	for !l.stop.Load() && err == nil {
		l.readClock()
		l.runTimers()
		dozed := l.doze()
		err = l.poll()
		if !dozed { // else what came meanwhile is served first, and closed
			l.runPosted()
		}
		l.runClosing()
	}
	l.end()
	if err != nil {
		return fmt.Errorf("event loop: waiting for events: %w", err)
	}
	return nil
}

// Stop ends Run after the current turn. It is safe for concurrent use and idempotent.
func (l *Loop) Stop() {
	l.stop.Store(true)
	l.wake()
}

// Post makes the loop run f in its posted phase, in the order of the calls. It is safe for
// concurrent use. A function posted by a posted function runs in the next turn, so that sockets are
// served in between. Post returns false if the loop has stopped.
func (l *Loop) Post(f func()) bool {
	l.mu.Lock()
	if l.stopped {
		l.mu.Unlock()
		return false
	}
	l.posted = append(l.posted, f)
	l.waiting.Store(int32(len(l.posted)))
	l.mu.Unlock()
	l.wake()
	return true
}

// SetResolution makes timers late by up to d instead of a millisecond. Call it before Run. Finer
// timers cost turns: timers due within one d run in one turn. Linux before 5.11 stays at a
// millisecond.
func (l *Loop) SetResolution(d time.Duration) { l.grain = max(d, 1) }

// KeepProcessor makes poll wait its first whole milliseconds, up to most, without telling Go's
// scheduler (Linux only). A processor released at once is needed again microseconds later, with the
// next event, and Go's monitor thread wakes each time. After a longer wait the next one does
// without: to wake when most is over, and again with the event, costs a quiet loop more than all
// that it serves. Use KeepProcessor for loops that rarely wait longer or have a processor to
// themselves: other goroutines on that processor may be delayed by up to 20 ms, until the monitor
// takes it away.
func (l *Loop) KeepProcessor(most time.Duration) { l.hold = most }

// Doze makes the loop wait for its timers, Post and Stop alone: it looks at its sockets in turns
// that these cause. Its processor is then free at once. A loop that waits in the poller keeps it
// until Go's monitor takes it away. Where that is the only processor, no other goroutine runs for
// up to 20 ms.
func (l *Loop) Doze(on bool) { l.dozing = on }

// Now returns the time of this turn, not of this call: it is read before the timers, after the poll
// and before the posted functions. Before Run it is the time of New.
func (l *Loop) Now() time.Time { return l.wall }

// wake ends a waiting poll, or a doze. The system call is made only if the loop has declared itself
// asleep.
func (l *Loop) wake() {
	switch l.sleep.Swap(awake) {
	case dozes:
		l.roused <- struct{}{}
	case polls:
		// The loop may have woken and ended meanwhile: the descriptor is closed, or another's.
		l.waking.Lock()
		if !l.gone {
			l.poller.wake()
		}
		l.waking.Unlock()
	}
}

func (l *Loop) readClock() {
	l.wall = time.Now()
	l.now = l.wall.Sub(l.base)
}

// runTimers runs the timers that were due when the turn began. A timer set by a timer, even with no
// wait, runs in the next turn, so that timers cannot starve sockets.
func (l *Loop) runTimers() {
	if len(l.timers) == 0 || l.timers[0].when > l.now {
		return
	}
	last := l.timerTurn
	for len(l.timers) > 0 && l.timers[0].when <= l.now && l.timers[0].turn <= last {
		t := l.timers[0].timer
		l.timers.remove(t)
		t.f()
	}
	l.readClock() // the poll phase counts from here
}

// poll serves the ready sockets, and waits for one only if no other phase has anything to do.
func (l *Loop) poll() error {
	// The loop declares its sleep before it looks at the queue, so that no Post goes unnoticed in
	// between.
	l.sleep.Store(polls)
	hold := l.hold
	if l.rare {
		hold = 0
	}
	began := l.now
	events, err := l.poller.wait(l.sleepTime(), hold)
	l.sleep.Store(awake)
	l.readClock()
	l.rare = l.now-began > l.hold
	for _, e := range events {
		if s := l.conns[e.fd]; s != nil && !s.closing {
			s.ready(e)
		}
	}
	return err
}

// doze waits until the loop is woken, or a timer is due. It reports whether it has.
func (l *Loop) doze() bool {
	if !l.dozing || l.sleepTime() == 0 {
		return false
	}
	l.sleep.Store(dozes)
	// Who finds the loop awake sends nothing: what it posted is seen here.
	var due <-chan time.Time
	if d := l.sleepTime(); d >= 0 {
		due = time.After(d)
	}
	select {
	case <-l.roused:
	case <-due:
		if !l.sleep.CompareAndSwap(dozes, awake) {
			<-l.roused // is on its way
		}
	}
	l.readClock()
	return true
}

// sleepTime returns how long poll may wait: 0, until the next timer, or without end (negative).
func (l *Loop) sleepTime() time.Duration {
	switch {
	case l.stop.Load() || l.waiting.Load() > 0 || len(l.closing) > 0:
		return 0
	case len(l.timers) == 0:
		return -1
	}
	// The wait is rounded up, so that poll does not end just before the timer and turn once for
	// nothing.
	return (max(0, l.timers[0].when-l.now) + l.grain - 1) / l.grain * l.grain
}

func (l *Loop) runPosted() {
	if l.waiting.Load() == 0 {
		return
	}
	l.mu.Lock()
	l.posted, l.running = l.running[:0], l.posted
	l.waiting.Store(0)
	l.mu.Unlock()
	l.readClock() // handlers may have taken long, and waits asked for here begin now
	for i, f := range l.running {
		l.running[i] = nil
		f()
	}
}

// runClosing closes what this turn closed. Descriptors are released only here: the kernel gives the
// lowest free number to the next accept, and an event already fetched for the old owner would reach
// the new one.
func (l *Loop) runClosing() {
	for len(l.closing) > 0 {
		batch := l.closing
		l.closing = nil
		for _, s := range batch {
			l.conns[s.fd] = nil
			closeFD(s.fd)
			s.closed()
		}
	}
}

// end releases everything: descriptors, goroutines, queued functions.
func (l *Loop) end() {
	l.stop.Store(true) // after a poller failure, what handlers open from here on is refused
	for _, s := range l.conns {
		if s != nil {
			s.close(ErrStopped)
		}
	}
	l.runClosing()
	l.pool.stop()
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()
	// Functions posted before the stop still run once, because a completion may hold something to
	// release.
	l.runPosted()
	l.runClosing()
	for len(l.timers) > 0 {
		l.timers.remove(l.timers[len(l.timers)-1].timer)
	}
	l.waking.Lock()
	l.gone = true
	l.poller.close()
	l.waking.Unlock()
}

// watch gives a socket its place by descriptor and registers it with the poller.
func (l *Loop) watch(s *socket) error {
	if l.stop.Load() {
		return ErrStopped
	}
	for s.fd >= len(l.conns) {
		l.conns = append(l.conns, make([]*socket, max(64, len(l.conns)))...)
	}
	if err := l.poller.add(s.fd, s.interest); err != nil {
		return err
	}
	l.conns[s.fd] = s
	return nil
}
