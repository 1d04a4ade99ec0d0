package results

import (
	"math"
	"slices"
)

// Resolves reports whether n latencies have a percentile q, in percent, of their own: one of them
// at least is beyond it. Of fewer the percentile is the longest latency under another name.
func Resolves(n uint64, q float64) bool { return n >= Resolving(q) }

// Resolving returns the number of latencies from which on they have a percentile q of their own.
func Resolving(q float64) uint64 { return uint64(math.Round(100 / (100 - q))) }

// Carries says that no trial of a mode answered too few requests at a load for the figure to be
// told, which a percentile takes some of. The figure of the other trials alone would be that of
// those in which the server was quick. Nothing else has such a bound.
func (r *Record) Carries(workload, mode string, at RungKey, f Figure) bool {
	return f.percentile == 0 || !slices.ContainsFunc(r.Trials, func(t Trial) bool {
		if t.Workload != workload || t.Mode != mode {
			return false
		}
		rung, usable := t.Rung(at)
		return usable && rung.Answered() > 0 && !Resolves(rung.timed(), f.percentile)
	})
}

// carried says that both modes' requests carry the metric, in each trial.
func (m Metric) carried(r *Record, w Workload, a, b string) bool {
	return r.Carries(w.Name, a, m.at(w), m.Figure) && r.Carries(w.Name, b, m.at(w), m.Figure)
}
