package gate

import (
	"fmt"

	"nodecompare/results"
	"nodecompare/results/stat"
)

// Failures is the metric of trials that failed: the server died, or did not start or stop.
const Failures = "failed trials"

// failures compares the failed trials. A greater share than before is a regression whatever the
// number of rounds: a failure that was seen needs no statistics.
func failures(workload, mode string, old, newer []results.Trial) Change {
	a, _ := failedOf(workload, mode, old)
	b, why := failedOf(workload, mode, newer)
	c := Change{
		Workload: workload, Mode: mode, Metric: Failures, At: allLoads, Unit: "trials", LessIsBetter: true,
		Old: a, New: b, P: 1, Uncorrected: 1, Outcome: Pass,
	}
	if b.Value*float64(max(1, a.N)) > a.Value*float64(b.N) {
		c.Outcome = Regressed
		c.Reason = fmt.Sprintf("%.0f of %d trials failed, and %.0f of %d before: %s", b.Value, b.N, a.Value, a.N, why)
	}
	return c
}

func failedOf(workload, mode string, trials []results.Trial) (e stat.Estimate, why string) {
	for _, t := range trials {
		if t.Workload != workload || t.Mode != mode {
			continue
		}
		e.N++
		if t.Failure != "" {
			e.Value, why = e.Value+1, t.Failure
		}
	}
	e.Low, e.High, e.Confidence = e.Value, e.Value, 1
	return e, why
}

// failed reports whether the server failed as it did not before.
func (c Change) failed() bool { return c.Metric == Failures && c.Outcome == Regressed }
