package eventloop

import (
	"sync/atomic"
	"time"
)

// Stats is what a loop counts of itself.
type Stats struct {
	Turns   uint64        // iterations so far
	Lag     time.Duration // mean time a turn spent away from poll: how long an event that just missed it had to wait
	MaxLag  time.Duration // the longest such turn
	Conns   int           // open connections
	Timers  int           // timers that are set
	Posted  int           // functions waiting for the posted phase
	Working int           // jobs waiting for a worker or running on one
	Refused uint64        // connections turned away for want of a descriptor
}

// stats is written by the loop's thread alone; once a turn it is published for other goroutines.
type stats struct {
	turns, refused uint64
	conns          int
	busy, maxLag   time.Duration
	left           time.Duration // loop time at which poll was last left

	published struct {
		turns, refused     atomic.Uint64
		busy, maxLag       atomic.Int64
		connsSet, timerSet atomic.Int32
	}
}

func (s *stats) beforePoll(l *Loop) {
	lag := l.now - s.left
	s.busy += lag
	s.maxLag = max(s.maxLag, lag)
}

func (s *stats) afterPoll(l *Loop) { s.left = l.now }

func (s *stats) turn(l *Loop) {
	s.turns++
	s.publish(l)
}

func (s *stats) publish(l *Loop) {
	p := &s.published
	p.turns.Store(s.turns)
	p.refused.Store(s.refused)
	p.busy.Store(int64(s.busy))
	p.maxLag.Store(int64(s.maxLag))
	p.connsSet.Store(int32(s.conns))
	p.timerSet.Store(int32(len(l.timers)))
}

// Stats reports the counts as of the last turn. It may be called from any goroutine.
func (l *Loop) Stats() Stats {
	p := &l.stats.published
	s := Stats{
		Turns:   p.turns.Load(),
		MaxLag:  time.Duration(p.maxLag.Load()),
		Conns:   int(p.connsSet.Load()),
		Timers:  int(p.timerSet.Load()),
		Posted:  int(l.waiting.Load()),
		Working: l.pool.load(),
		Refused: p.refused.Load(),
	}
	if s.Turns > 0 {
		s.Lag = time.Duration(p.busy.Load() / int64(s.Turns))
	}
	return s
}
