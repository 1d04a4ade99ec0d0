package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nodecompare/results"
)

// The rungs of a ladder are factors of 2 to 8 apart. In the last round of a profile with Between,
// each trial goes on with runs between the rungs, near the knee and near the connections held,
// until both are known well enough.
const (
	mostBetween = 6
	// usualBetween is the usual number of runs. A route that does not wait takes two or three, and
	// a route that waits none, because all its rungs hold and throughput grows to the top.
	usualBetween = 1
	betweenTime  = 2 * time.Second
	// betweenRun is enough for a throughput and a p99: a run here is of no other figure.
	betweenRun  = 100 * time.Millisecond
	betweenRamp = 30 * time.Millisecond
)

// between makes the runs of the search, on the trial's server.
func (b *bench) between(ctx context.Context, on *target, s slot, t *results.Trial) error {
	if !s.closer {
		return nil
	}
	w := b.plan.settings.Workloads[slices.IndexFunc(b.plan.settings.Workloads,
		func(w results.Workload) bool { return w.Name == s.workload.Name })]
	spent := time.Duration(0)
	for range mostBetween {
		r := results.Record{Settings: b.plan.settings, Trials: append(slices.Clone(b.done), *t)}
		n := r.NextBetween(w, s.name)
		if n == 0 {
			return nil
		}
		next := s.above(n)
		if spent += s.rungTime(next); spent > betweenTime {
			return nil
		}
		measured, err := b.runRung(ctx, on, next, nil, 0, !t.WarmUp.Steady)
		if err == nil {
			measured.Histogram, measured.Timeline = "", nil // nothing draws them
			t.Between = append(t.Between, measured)
			err = unanswered(measured)
		}
		if err != nil {
			return fmt.Errorf("between the rungs, at %d connections: %w", n, err)
		}
		b.progress.Rung(s.name, s.workload.Name, s.round, n, s.rungTime(next))
	}
	return nil
}

// climbs reports whether the ladder is the trial's purpose and its end, without poison and
// overload, and of requests.
func (s slot) climbs() bool {
	return s.workload.Asks() &&
		!slices.ContainsFunc(s.rungs, func(r rung) bool { return r.poison != nil || r.surge != nil })
}

// above returns the first closed rung with more connections, changed to the given number.
func (s slot) above(connections int) rung {
	i := slices.IndexFunc(s.rungs, func(r rung) bool { return r.load == results.Closed && r.connections > connections })
	r := s.shortened(s.rungs[i])
	r.connections = connections
	return r
}

// shortened returns a rung for a run between rungs, in which each connection still gets its
// answers.
func (s slot) shortened(r rung) rung {
	r.slices = 0
	if s.workload.CPU == 0 {
		r.ramp = min(r.ramp, betweenRamp)
		r.duration = min(r.duration, max(betweenRun, twice(s.workload.Wait)))
	}
	return r
}

// betweenPlanned returns the usual time of the search.
func (s slot) betweenPlanned() time.Duration {
	if !s.closer {
		return 0
	}
	top := s.rungs[0]
	for _, r := range s.rungs {
		if r.load == results.Closed {
			top = r
		}
	}
	return min(betweenTime, usualBetween*s.rungTime(s.shortened(top)))
}
