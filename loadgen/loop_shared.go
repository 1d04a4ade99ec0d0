package loadgen

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// loopShared is what the runs of a load's threads have in common: when the clock starts, and which
// requests are whose.
type loopShared struct {
	runs     []*loopRun
	threads  int
	requests uint64 // most of them, of a closed load; 0 for no limit
	turns    bool   // of several targets, which the requests' numbers choose

	mu      sync.Mutex
	awaited int       // threads whose connections do not stand yet
	start   time.Time // of all threads; zero until then

	given atomic.Uint64 // numbers of a closed load's requests that a thread has
}

// newLoopRuns prepares a run of each thread.
func newLoopRuns(g *loopThreads, duration time.Duration) []*loopRun {
	s := &loopShared{threads: len(g.threads), requests: g.attack.Requests, turns: g.rota != nil,
		awaited: len(g.threads)}
	for i, t := range g.threads {
		s.runs = append(s.runs, newLoopRun(t, s, i, duration))
	}
	return s.runs
}

// ready is called by a thread whose connections stand: the last of them starts the clock.
func (s *loopShared) ready() (start bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.awaited--
	return s.awaited == 0
}

// begun reports whether the clock runs.
func (s *loopShared) begun() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.start.IsZero()
}

// begin starts the clock, if it has not been started, and has the other threads begin as well.
func (s *loopShared) begin(by *loopRun) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.start.IsZero() {
		s.start = time.Now()
		for _, r := range s.runs {
			if r != by {
				r.engine.loop.Post(r.join)
			}
		}
	}
	return s.start
}

// turnsAtOnce is how many numbers a thread takes at once where they choose between targets.
const turnsAtOnce = 16

// numbers gives a thread of a closed load the numbers of its next requests, from first to below
// end, and none when all have been given. A limit is given out in parts that shrink with what is
// left, so that the threads ask rarely and yet end together.
func (s *loopShared) numbers() (first, end uint64) {
	if s.requests == 0 && (s.threads == 1 || !s.turns) {
		return 0, math.MaxUint64
	}
	for {
		first = s.given.Load()
		n := uint64(turnsAtOnce)
		if s.requests > 0 {
			n = s.requests - first
			if s.threads > 1 && n > 0 {
				n = max(n/uint64(2*s.threads), 1)
			}
		}
		if s.given.CompareAndSwap(first, first+n) {
			return first, first + n
		}
	}
}
