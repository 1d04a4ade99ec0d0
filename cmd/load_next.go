package cmd

import (
	"fmt"
	"math"

	"nodecompare/results"
)

// belowRate returns a rate to type, at most r: a whole one, or of three digits below 10.
func belowRate(r float64) float64 {
	if r >= 10 {
		return math.Floor(r)
	}
	unit := math.Pow(10, math.Floor(math.Log10(r))-2)
	return math.Floor(r/unit) * unit
}

// next returns what to try after a load.
func next(run *results.LoadRun) []string {
	switch {
	case run.Requests == run.Errors || run.Conversation != "":
		return nil
	case run.Trust.Status == results.Void:
		return []string{fmt.Sprintf("Next: %s selftest says whether this machine can be measured on.", programName())}
	case run.Capacity != nil && run.Capacity.RPS > 0:
		return []string{fmt.Sprintf("Next: --rate=%v --duration=1m, to see whether it holds that for longer",
			belowRate(run.Capacity.RPS))}
	case run.Ramp != nil && run.Ramp.BreaksRPS > 0:
		return []string{fmt.Sprintf("Next: --rate=%v --duration=1m, to see whether it holds that for longer",
			belowRate(run.Ramp.BreaksRPS*0.8))}
	case run.Capacity == nil && run.OfferedRPS > 0:
		return []string{"Next: --slo=100ms, to find the highest rate with 99 of 100 answers within 100 ms"}
	case run.Capacity == nil:
		half := math.Max(run.RateRPS/2, 1)
		digit := math.Pow(10, math.Floor(math.Log10(half)))
		return []string{fmt.Sprintf("Next: --rate=%.0f, for latency as users see it (here each connection waited "+
			"for its answer before it sent again)", math.Floor(half/digit)*digit)}
	}
	return nil
}
