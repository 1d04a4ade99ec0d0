package loadgen

import "time"

// schedule is a thread's share of an open load's schedule: of n threads, each has every n-th
// request of a period, and these are due when they would be were there only one.
type schedule struct {
	pace    Pace
	next    uint64 // the number of its next request, among those of all threads
	step    uint64 // to the one after that: how many threads there are
	thread  uint64 // the number of its first request in each period
	period  uint64 // requests, after which the dealing out begins anew
	offered uint64 // requests of all threads
	own     uint64 // requests of this one
}

// newSchedule is the share of the thread with that number, from 0. A period of 0 is one of all
// requests.
func newSchedule(pace Pace, offered uint64, thread, threads, period int) schedule {
	s := schedule{pace: pace, next: uint64(thread), step: uint64(threads), thread: uint64(thread),
		period: uint64(period), offered: offered}
	if s.period == 0 {
		s.period = offered
	}
	s.own = offered/s.period*partOf(s.period, thread, threads) + partOf(offered%s.period, thread, threads)
	return s
}

// left says that there is a next request.
func (s *schedule) left() bool { return s.next < s.offered }

// when the next request is due, from the start of the run.
func (s *schedule) when() time.Duration { return s.pace.Due(s.next) }

// take gives the number of the next request, and goes on to the one after it.
func (s *schedule) take() uint64 {
	seq := s.next
	if s.next += s.step; s.next/s.period > seq/s.period {
		s.next = (seq/s.period+1)*s.period + s.thread
	}
	return seq
}

// partOf is how many of n things, dealt out one by one, come to a thread.
func partOf(n uint64, thread, threads int) uint64 {
	return (n + uint64(threads-1-thread)) / uint64(threads)
}
