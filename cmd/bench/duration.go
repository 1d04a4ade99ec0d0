package bench

import (
	"time"

	"nodecompare/cmd/hosts"
	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// startStop is a trial's time besides its load: two processes started, asked, sampled and stopped.
const startStop = 200 * time.Millisecond

// Duration estimates how long the bench takes, within about a fifth.
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

// Whole returns the planned time of the bench with the steps of more CPUs.
func (p *Plan) Whole() time.Duration {
	sum := p.Duration()
	if p.steps != nil {
		sum += p.overCores().Duration()
	}
	return sum
}

// duration estimates the slot's run time. An own-share load counts half, because the slowest mode
// may skip it and a fast mode shortens it.
func (s slot) duration() time.Duration {
	sum := startStop + s.warmTime() + s.betweenPlanned()
	if r := s.base(); s.again() && !s.apart {
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

// rungTime includes the wait for what is in flight at the end of the ramp, of the run and of each
// slice.
func (s slot) rungTime(r rung) time.Duration {
	if s.apart {
		return hosts.Connecting + hosts.Begin + max(r.duration, hosts.Least) + s.workload.Wait
	}
	if r.surge != nil {
		return r.ramp + r.duration // its queue is gone long before it ends
	}
	sum := r.leadTime() + r.ramp + r.duration + 10*time.Millisecond + time.Duration(r.slices)*(r.slice+yardstickSlice)
	if r.load == results.Common && r.rate > 0 {
		sum += r.duration // the server is idle as long
	}
	rest := max(s.workload.Wait, time.Duration(r.connections)*s.workload.CPU)
	return sum + time.Duration(2+r.slices)*rest
}

// warmUp returns the bounds of the warm-up.
func (s slot) warmUp() loadgen.WarmUpOptions {
	o := measure.WarmUp(s.mode.Compiles)
	if s.workload.CPU > 0 {
		o.Cap, o.Longest = computingCap, 0
	}
	return o
}

// warmConnections returns the base rung's connections, so that the warm-up exercises what will be
// measured.
func (s slot) warmConnections() int {
	if s.workload.CPU > 0 {
		return computingConnections
	}
	return s.base().connections
}

// warmTime returns the usual time of the warm-up: windows that send and then wait for the answers,
// with the yardstick's between them.
func (s slot) warmTime() time.Duration {
	if !s.workload.Asks() {
		return max(listenWarm, s.mode.Compiles)
	}
	if s.apart {
		return s.hostsWarm()
	}
	window := max(measure.WarmWindow, s.workload.Wait)
	if s.workload.CPU > 0 {
		window += computingConnections * s.workload.CPU
	}
	return min(s.warmUp().Cap, max(usualWindows*(window+measure.WarmYardstick), s.mode.Compiles))
}

func (p *Plan) pilotTime() time.Duration {
	var sum time.Duration
	for _, s := range p.firstRound() {
		if s.workload.Asks() {
			sum += p.pilotOf(s)
		}
	}
	return sum
}

// pilotOf returns how long it takes to find the capacity of one mode on one workload.
func (p *Plan) pilotOf(s slot) time.Duration {
	r := s.base()
	if s.apart {
		return startStop + s.warmTime() + s.rungTime(r)
	}
	r.slices, r.slice, r.duration = pilotRuns, p.pilotRun(s), 0
	return startStop + s.warmTime() + s.rungTime(r) - pilotRuns*yardstickSlice
}
