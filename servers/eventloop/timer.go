package eventloop

import (
	"math"
	"time"
)

// longest is the longest wait: half of the range of a Duration, so that the loop's time and a wait
// can be added.
const longest = time.Duration(math.MaxInt64 / 2)

// Timer runs a function on the loop's thread at its time. It can be set and stopped any number of
// times without allocating, so a connection keeps one timer for its whole life. Waits end late by
// up to a millisecond plus the length of a turn, since the loop waits for whole milliseconds, as
// libuv does (SetResolution changes that). They never end early by the loop's time, Loop.Now, which
// stands still while a handler runs: a wait set by a slow handler counts from before the handler.
type Timer struct {
	loop *Loop
	f    func()
	when time.Duration
	slot int // 1 + its index in the heap; 0 if not set
}

// Init sets a timer's loop and function, without setting its time.
func (t *Timer) Init(l *Loop, f func()) { t.loop, t.f = l, f }

// Set makes the timer run d after the time of this turn. Setting a timer again moves it.
func (t *Timer) Set(d time.Duration) {
	l := t.loop
	if t.slot != 0 {
		l.timers.remove(t)
	}
	l.timerTurn++
	t.when = l.now + min(max(d, 0), longest)
	l.timers.insert(timerEntry{t.when, l.timerTurn, t})
}

// Stop cancels a timer. Stopping an unset timer does nothing.
func (t *Timer) Stop() {
	if t.slot != 0 {
		t.loop.timers.remove(t)
	}
}

// timerHeap is a min-heap that knows each timer's index, so that stopping one takes O(log n)
// without a search. container/heap would call an interface method for every comparison.
//
// Each node has four children, and the compared times are in the heap itself: thousands of timers
// fit no cache, and four-way nodes touch fewer cache lines than a binary heap of pointers.
type timerHeap []timerEntry

type timerEntry struct {
	when  time.Duration
	turn  uint64 // orders timers with equal times by when they were set
	timer *Timer
}

const timersBelow = 4

func (e *timerEntry) before(o *timerEntry) bool {
	return e.when < o.when || e.when == o.when && e.turn < o.turn
}

func (h *timerHeap) insert(e timerEntry) {
	*h = append(*h, e)
	h.up(e, len(*h)-1)
}

func (h *timerHeap) remove(t *Timer) {
	old := *h
	i, last := t.slot-1, len(old)-1
	moved := old[last]
	old[last] = timerEntry{}
	*h = old[:last]
	t.slot = 0
	if i == last {
		return
	}
	h.down(moved, i)
	if moved.timer.slot-1 == i {
		h.up(moved, i)
	}
}

func (h timerHeap) up(e timerEntry, i int) {
	for i > 0 {
		parent := (i - 1) / timersBelow
		if !e.before(&h[parent]) {
			break
		}
		h.put(&h[parent], i)
		i = parent
	}
	h.put(&e, i)
}

func (h timerHeap) down(e timerEntry, i int) {
	for {
		first := timersBelow*i + 1
		if first >= len(h) {
			break
		}
		least := first
		for child := first + 1; child < min(first+timersBelow, len(h)); child++ {
			if h[child].before(&h[least]) {
				least = child
			}
		}
		if !h[least].before(&e) {
			break
		}
		h.put(&h[least], i)
		i = least
	}
	h.put(&e, i)
}

func (h timerHeap) put(e *timerEntry, i int) {
	h[i] = *e
	e.timer.slot = i + 1
}
