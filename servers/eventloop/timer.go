package eventloop

import (
	"math"
	"time"
)

// longest is the longest wait: half of what a Duration holds, so that the loop's time and a wait can be added.
const longest = time.Duration(math.MaxInt64 / 2)

// Timer runs a function on the loop's thread once its time has come. It can be set and stopped any number of
// times without allocating, so a connection keeps one for its whole life. Waits end late by up to a millisecond
// and the length of a turn, since the loop waits for whole milliseconds, as libuv does (SetResolution changes that). They
// never end early by the loop's time, Loop.Now, which stands still while a handler runs: the wait of a handler that took
// long is counted from before it.
type Timer struct {
	loop *Loop
	f    func()
	when time.Duration
	turn uint64 // orders timers that are due at the same moment by when they were set
	slot int    // 1 + the place in the heap; 0 when not set
}

// Init gives a timer its loop and function; it is not set yet.
func (t *Timer) Init(l *Loop, f func()) { t.loop, t.f = l, f }

// Set has the timer run d after the time of this turn. A timer that is already set is moved.
func (t *Timer) Set(d time.Duration) {
	l := t.loop
	if t.slot != 0 {
		l.timers.remove(t)
	}
	l.timerTurn++
	t.when, t.turn = l.now+min(max(d, 0), longest), l.timerTurn
	l.timers.insert(t)
}

// Stop has a timer not run. One that is not set is left alone.
func (t *Timer) Stop() {
	if t.slot != 0 {
		t.loop.timers.remove(t)
	}
}

// timerHeap is a binary min-heap that knows each timer's place, so that stopping one is O(log n) without a search.
// container/heap would do the same through an interface call for every comparison.
type timerHeap []*Timer

func (t *Timer) before(u *Timer) bool {
	return t.when < u.when || t.when == u.when && t.turn < u.turn
}

func (h *timerHeap) insert(t *Timer) {
	*h = append(*h, t)
	h.up(t, len(*h)-1)
}

func (h *timerHeap) remove(t *Timer) {
	old := *h
	i, last := t.slot-1, len(old)-1
	moved := old[last]
	old[last] = nil
	*h = old[:last]
	t.slot = 0
	if i == last {
		return
	}
	h.down(moved, i)
	if moved.slot-1 == i {
		h.up(moved, i)
	}
}

func (h timerHeap) up(t *Timer, i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.before(h[parent]) {
			break
		}
		h.put(h[parent], i)
		i = parent
	}
	h.put(t, i)
}

func (h timerHeap) down(t *Timer, i int) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if right := child + 1; right < len(h) && h[right].before(h[child]) {
			child = right
		}
		if !h[child].before(t) {
			break
		}
		h.put(h[child], i)
		i = child
	}
	h.put(t, i)
}

func (h timerHeap) put(t *Timer, i int) {
	h[i] = t
	t.slot = i + 1
}
