package bench

import (
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// startStop is what a trial takes beside its load: two processes started, asked, sampled and stopped.
const startStop = 250 * time.Millisecond

// Duration is how long the bench should take, within a fifth or so.
func (p *Plan) Duration() time.Duration {
	var sum time.Duration
	if !p.again {
		sum = p.pilotTime()
	}
	for _, s := range p.slots {
		sum += s.duration(p.profile)
	}
	return sum
}

// duration counts an open load at its own share as half: the slowest mode has none.
func (s slot) duration(p Profile) time.Duration {
	sum := startStop + usualWindows*s.windowTime(p)
	for _, r := range s.rungs {
		if r.load == results.Own {
			sum += s.rungTime(r) / 2
		} else {
			sum += s.rungTime(r)
		}
	}
	return sum
}

// rungTime counts what is in flight at the end of the settling run and of each slice, and has to be waited for.
func (s slot) rungTime(r rung) time.Duration {
	if r.surge != nil {
		return r.settle + r.duration // its queue is gone long before it ends
	}
	pieces := max(1, r.slices)
	sum := r.leadTime() + r.settle + r.duration + 30*time.Millisecond + time.Duration(r.slices)*slice
	rest := max(s.workload.Wait, time.Duration(r.connections)*s.workload.CPU)
	return sum + time.Duration(1+pieces)*rest
}

// settling bounds the warm-up. Where a window lasts longer than the profile's, because requests do, there must be time for
// enough of them all the same.
func (s slot) settling(p Profile) loadgen.WarmUpOptions {
	return loadgen.WarmUpOptions{Window: p.Warmup.Window, Cap: max(p.Warmup.Cap, mostWindows*s.windowTime(p))}
}

// windowTime is how long one window of the warm-up takes: it sends for the profile's time, and then waits for the answers.
func (s slot) windowTime(p Profile) time.Duration {
	if s.workload.CPU > 0 {
		return p.Warmup.Window + measure.WarmConnections*s.workload.CPU
	}
	return max(p.Warmup.Window, s.workload.Wait)
}

func (p *Plan) pilotTime() time.Duration {
	var sum time.Duration
	for _, s := range p.firstRound() {
		r := s.base()
		r.slices, r.duration = pilotRuns, p.pilotRun(s)*pilotRuns
		sum += startStop + usualWindows*s.windowTime(p.profile) + s.rungTime(r) - pilotRuns*slice
	}
	return sum
}
