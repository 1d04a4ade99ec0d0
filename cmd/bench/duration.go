package bench

import (
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// startStop is what a trial takes beside its load: two processes started, asked, sampled and
// stopped.
const startStop = 250 * time.Millisecond

// Duration is how long the bench should take, within a fifth or so.
func (p *Plan) Duration() time.Duration {
	var sum time.Duration
	if !p.again {
		sum = p.pilotTime()
	}
	for _, s := range p.slots {
		sum += s.duration()
	}
	return sum
}

// duration counts an open load at its own share as half: the slowest mode may have none, and where
// many requests a second are its share it is shorter than planned.
func (s slot) duration() time.Duration {
	sum := startStop + s.warmTime() + s.betweenPlanned()
	if r := s.base(); s.again() {
		sum += s.rungTime(r.halved()) - r.duration
	}
	for _, r := range s.rungs {
		if r.load == results.Own {
			sum += s.rungTime(r) / 2
		} else {
			sum += s.rungTime(r)
		}
	}
	return sum
}

// rungTime counts what is in flight at the end of the settling run, of the run and of each slice,
// and has to be waited for.
func (s slot) rungTime(r rung) time.Duration {
	if r.surge != nil {
		return r.settle + r.duration // its queue is gone long before it ends
	}
	sum := r.leadTime() + r.settle + r.duration + 30*time.Millisecond + time.Duration(r.slices)*(r.slice+slice)
	if r.load == results.Common && r.rate > 0 {
		sum += r.duration // the server is idle as long
	}
	rest := max(s.workload.Wait, time.Duration(r.connections)*s.workload.CPU)
	return sum + time.Duration(2+r.slices)*rest
}

// warmUp bounds the warm-up.
func (s slot) warmUp() loadgen.WarmUpOptions {
	o := measure.WarmUp(s.mode.Compiles)
	if s.workload.CPU > 0 {
		o.Cap, o.Longest = computingCap, 0
	}
	return o
}

// warmConnections are the base rung's, so that what is warm is what will be measured.
func (s slot) warmConnections() int {
	if s.workload.CPU > 0 {
		return computingConnections
	}
	return s.base().connections
}

// warmTime is how long the warm-up takes as a rule: windows that send and then wait for the
// answers, with the yardstick's between them.
func (s slot) warmTime() time.Duration {
	window := max(measure.WarmWindow, s.workload.Wait)
	if s.workload.CPU > 0 {
		window += computingConnections * s.workload.CPU
	}
	return min(s.warmUp().Cap, max(usualWindows*(window+measure.WarmBeside), s.mode.Compiles))
}

func (p *Plan) pilotTime() time.Duration {
	var sum time.Duration
	for _, s := range p.firstRound() {
		sum += p.pilotOf(s)
	}
	return sum
}

// pilotOf is how long it takes to find the capacity of one mode on one workload.
func (p *Plan) pilotOf(s slot) time.Duration {
	r := s.base()
	r.slices, r.slice, r.duration = pilotRuns, p.pilotRun(s), 0
	return startStop + s.warmTime() + s.rungTime(r) - pilotRuns*slice
}
