package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/servers/workload"
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
	// Of connections that hear or view a run is longer, and most modes hold the whole ladder: the
	// search goes on above it.
	usualBeyond = 3
	beyondTime  = 20 * time.Second
	beyondMost  = 8000
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
		if _, most := s.search(); spent+s.rungTime(next) > most {
			return nil
		}
		began := time.Now()
		measured, err := b.runRung(ctx, on, next, nil, 0, !t.WarmUp.Steady)
		if none := errors.As(err, new(*loadgen.NoAnswer)) || err == nil && measured.Answered() == 0; none &&
			!s.workload.Asks() && ctx.Err() == nil { // so many were too many
			measured, err = results.Rung{Load: next.load, Engine: loadgen.Loop, Connections: n}, nil
		}
		spent += time.Since(began)
		if err == nil {
			measured.Histogram, measured.Timeline = "", nil // nothing draws them
			t.Between = append(t.Between, measured)
			if s.workload.Asks() {
				err = unanswered(measured)
			}
		}
		if err != nil {
			return fmt.Errorf("between the rungs, at %d connections: %w", n, err)
		}
		b.progress.Rung(s.name, s.workload.Name, s.round, n, s.rungTime(next))
	}
	return nil
}

// climbs reports whether the ladder is the trial's purpose and its end, without poison and
// overload.
func (s slot) climbs() bool {
	return !slices.ContainsFunc(s.rungs, func(r rung) bool { return r.poison != nil || r.surge != nil })
}

// beyond returns with how many connections the search for those that a mode holds may end, within
// the limit; 0 where it stays within the ladder.
func beyond(w workload.Workload, limit int) int {
	switch {
	case w.Asks():
		return 0
	case w.Plays:
		return min(playMost, limit)
	}
	return min(beyondMost, limit)
}

// above returns the first closed rung with more connections, or the last one, changed to the given
// number.
func (s slot) above(connections int) rung {
	var r rung
	for _, r = range s.rungs {
		if r.load == results.Closed && r.connections > connections {
			break
		}
	}
	r = s.shortened(r)
	r.connections = connections
	return r
}

// search returns the usual number of runs of the search, and the most time for it.
func (s slot) search() (usual int, most time.Duration) {
	if s.workload.Asks() {
		return usualBetween, betweenTime
	}
	return usualBeyond, beyondTime
}

// shortened returns a rung for a run between rungs, in which each connection still gets its
// answers.
func (s slot) shortened(r rung) rung {
	r.slices = 0
	if s.workload.CPU == 0 && s.workload.Asks() {
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
	usual, most := s.search()
	return min(most, time.Duration(usual)*s.rungTime(s.shortened(top)))
}
