package summary

import (
	"fmt"
	"math"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// widest is how far an end of an interval may be from its median, as a share of it, for ±. Beyond it the two ends are mostly
// unlike each other (a tail that was once ten times as long), which one number would hide.
const widest = 0.30

// spread writes the interval behind a median: ±4%, its further end and rounded up, or (1.9–2.8), both ends in the median's unit.
// One value has none.
func spread(e stat.Estimate, one unit.Scale) string {
	if e.N < 2 || e.Value <= 0 {
		return ""
	}
	share := max(e.High-e.Value, e.Value-e.Low) / e.Value
	if share > widest {
		return fmt.Sprintf(" (%s–%s)", unit.Digits(e.Low/one.One), unit.Digits(e.High/one.One))
	}
	return fmt.Sprintf(" ±%.0f%%", max(0, math.Ceil(100*share-1e-9))) // Ceil makes a negative zero of less
}

func perSecond(e stat.Estimate) string {
	one := unit.Fitting(e.Value, unit.Rates)
	return unit.Digits(e.Value/one.One) + one.Name + " req/s" + spread(e, one)
}

func latency(e stat.Estimate) string { return duration(e, "") }

// duration writes microseconds: 24.1 µs/request ±2%.
func duration(e stat.Estimate, suffix string) string {
	one := unit.Fitting(e.Value, unit.Durations)
	return unit.Digits(e.Value/one.One) + " " + one.Name + suffix + spread(e, one)
}

// intervals explains what ± means on this page: a median's interval has 95% when 6 values are behind it, and less when fewer are.
func intervals(r *results.Record) string {
	if r.Settings.Rounds < 2 {
		return "Each figure is of one round: how far it may be off is not known."
	}
	of := fmt.Sprintf("%s interval", Confidence(stat.Confidence))
	if e := stat.Median(make([]float64, r.Settings.Rounds)); e.Confidence < stat.Confidence {
		of = fmt.Sprintf("%s interval, the range of the rounds", Confidence(e.Confidence))
	}
	return fmt.Sprintf("Each figure is the median of %s, each on a fresh server; ± is its %s: the further end of it, or both ends where one is more than %.0f%% away.",
		unit.Counted(r.Settings.Rounds, "round"), of, 100*widest)
}

// Confidence is in per cent, rounded down. One that is more than was asked for, as small samples give it, is what was asked for.
func Confidence(share float64) string {
	return fmt.Sprintf("%.0f%%", math.Floor(100*min(share, stat.Confidence)+1e-9))
}

// IntervalNote says what an interval of that many rounds is.
func IntervalNote(rounds int) string {
	e := stat.Median(make([]float64, rounds))
	switch {
	case rounds < 2:
		return "There was but one round: no interval can be given, and any figure may be off."
	case e.Confidence < stat.Confidence:
		return fmt.Sprintf("Intervals are the whole range of the %d rounds, which holds the true median with a confidence of %s%%; six rounds or more would give 95%%.",
			rounds, unit.Digits(math.Floor(100*e.Confidence)))
	}
	return fmt.Sprintf("Intervals are for the median of %d rounds, and hold the true one with a confidence of 95%% or more.", rounds)
}
