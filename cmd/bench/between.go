package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nodecompare/results"
)

// Between the rungs of a ladder lie factors of 2 to 8. In the last round of a profile that asks for
// it, the runs of a trial go on between them, where the knee lies and where the connections held
// end, until these are known well enough.
const (
	mostBetween = 6
	// of two or three on a route that does not wait, and none on one that does, where all rungs
	// hold and throughput grows to the top
	usualBetween = 1
	betweenTime  = 2 * time.Second
	// betweenRun is enough for a throughput and a p99: a run here is of no other figure.
	betweenRun    = 100 * time.Millisecond
	betweenSettle = 30 * time.Millisecond
)

// between makes the runs of the search, on the server of the trial.
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

// climbs says that the ladder is what its trials are made for, and ends them: no poison is put on
// the server, and no overload.
func (s slot) climbs() bool {
	return !slices.ContainsFunc(s.rungs, func(r rung) bool { return r.poison != nil || r.surge != nil })
}

// above is the first closed rung with more connections, with that many of them in its place.
func (s slot) above(connections int) rung {
	i := slices.IndexFunc(s.rungs, func(r rung) bool { return r.load == results.Closed && r.connections > connections })
	r := s.shorter(s.rungs[i])
	r.connections = connections
	return r
}

// shorter is a rung as it is made between others: each connection still has its answers.
func (s slot) shorter(r rung) rung {
	r.slices = 0
	if s.workload.CPU == 0 {
		r.settle = min(r.settle, betweenSettle)
		r.duration = min(r.duration, max(betweenRun, twice(s.workload.Wait)))
	}
	return r
}

// betweenPlanned is what the search takes as a rule.
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
	return min(betweenTime, usualBetween*s.rungTime(s.shorter(top)))
}
