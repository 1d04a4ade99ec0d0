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

// ErrStopped is what connections are closed with when their loop stops, and what Run and Listen
// answer after that.
var ErrStopped = errors.New("event loop stopped")

// readSize is the length of the one buffer that all connections of a loop are read into: idle
// connections hold none.
const readSize = 64 << 10

// Loop is an event loop. Make it with New, then call Run.
type Loop struct {
	poller    poller
	conns     []*socket // by file descriptor
	timers    timerHeap
	timerTurn uint64        // of the timer set last
	grain     time.Duration // what a wait for a timer is rounded up to
	wall      time.Time     // read at the start of a turn and after poll
	now       time.Duration // the same, as the monotonic time since base
	base      time.Time
	buf       []byte

	mu      sync.Mutex
	posted  []func()
	running []func() // the batch that the posted phase runs; kept for its capacity
	waiting atomic.Int32
	asleep  atomic.Bool
	waking  sync.Mutex // held while the poller is woken, and while it is closed
	gone    bool       // under waking: the poller is closed
	stopped bool       // under mu: nothing more is accepted by Post
	stop    atomic.Bool

	hold    time.Duration // see Hold
	closing []*socket
	pool    pool
}

// New makes a loop whose worker pool has the given number of goroutines (libuv's default is 4);
// they start with the first Work. The loop holds file descriptors from here on: Run must be called,
// and ended by Stop, to free them.
func New(workers int) (*Loop, error) {
	if workers < 1 {
		return nil, fmt.Errorf("event loop: %d workers asked for, at least 1 is needed", workers)
	}
	p, err := newPoller()
	if err != nil {
		return nil, fmt.Errorf("event loop: opening the kernel's poller: %w", err)
	}
	l := &Loop{poller: p, buf: make([]byte, readSize), base: time.Now(), grain: time.Millisecond}
	l.pool.init(l, workers)
	l.readClock()
	return l, nil
}

// Run turns the loop on the calling goroutine, locked to its thread, until Stop. It then closes
// every socket, waits for work that is running in the pool, and returns nil, or the poller's error
// if that was what ended it. A loop runs once: it answers ErrStopped after that.
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
		err = l.poll()
		l.runPosted()
		l.runClosing()
	}
	l.end()
	if err != nil {
		return fmt.Errorf("event loop: waiting for events: %w", err)
	}
	return nil
}

// Stop ends Run after the turn it is in. It may be called from any goroutine, more than once.
func (l *Loop) Stop() {
	l.stop.Store(true)
	l.wake()
}

// Post has f run by the loop in its posted phase, in the order of the calls. It may be called from
// any goroutine, a posted function included: that one runs in the next turn, so that sockets are
// served in between. It reports whether f was taken: a loop that has stopped takes none.
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

// SetResolution has timers end late by up to d, and not by up to a millisecond; to be called before
// Run. It costs turns: timers that are due within the same d are run in one. Linux before 5.11
// stays at a millisecond.
func (l *Loop) SetResolution(d time.Duration) { l.grain = max(d, 1) }

// KeepProcessor has a poll keep Go's processor while it waits, for up to so many whole milliseconds, on
// Linux. One that is given up at once is wanted back some microseconds later, when the next event
// comes, and Go's monitor thread wakes for it each time. It is for a loop that hardly ever waits
// longer, or that has a processor to itself: whatever else is to run on that processor has to wait,
// for up to some 20 ms, until the monitor takes it away.
func (l *Loop) KeepProcessor(most time.Duration) { l.hold = most }

// Now is the time of this turn, not of this call: it is read before the timers, after the poll and
// before the posted functions. Before Run it is the time of New.
func (l *Loop) Now() time.Time { return l.wall }

// wake ends a poll that waits. Only a loop that has declared itself asleep costs the system call.
func (l *Loop) wake() {
	if !l.asleep.CompareAndSwap(true, false) {
		return
	}
	// The loop may have woken by itself meanwhile, and ended: the descriptor could be closed by
	// now, or another's.
	l.waking.Lock()
	if !l.gone {
		l.poller.wake()
	}
	l.waking.Unlock()
}

func (l *Loop) readClock() {
	l.wall = time.Now()
	l.now = l.wall.Sub(l.base)
}

// runTimers runs the timers that were due when the turn began. One that is set by a timer, even for
// no time at all, waits for the next turn, so that timers cannot keep sockets from being served.
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

// poll serves the sockets that are ready, and waits for one only when no other phase has anything
// to do.
func (l *Loop) poll() error {
	// Declaring sleep before looking at the queue closes the gap in which a Post could go unheard.
	l.asleep.Store(true)
	events, err := l.poller.wait(l.sleepTime(), l.hold)
	l.asleep.Store(false)
	l.readClock()
	for _, e := range events {
		if s := l.conns[e.fd]; s != nil && !s.closing {
			s.ready(e)
		}
	}
	return err
}

// sleepTime is how long poll may wait: not at all, until the next timer, or without end (negative).
func (l *Loop) sleepTime() time.Duration {
	switch {
	case l.stop.Load() || l.waiting.Load() > 0 || len(l.closing) > 0:
		return 0
	case len(l.timers) == 0:
		return -1
	}
	// Rounded up, so that a poll does not end just before the timer it waits for and turn once for
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
	l.readClock() // the handlers of the poll phase may have taken long: a wait that is asked for here begins now
	for i, f := range l.running {
		l.running[i] = nil
		f()
	}
}

// runClosing closes what this turn closed. Descriptors are given back here and not at once: the
// kernel hands the lowest free number to the next accept, and an event already fetched for the old
// owner would reach the new one.
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

// end leaves nothing behind: no descriptor, no goroutine, no function waiting in the queue.
func (l *Loop) end() {
	l.stop.Store(true) // when the poller has failed: what handlers open from here on would stay open
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
	// What was posted before the door closed still runs once: a completion may hold something to
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

// watch gives a socket its place by descriptor and has the poller report on it.
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
