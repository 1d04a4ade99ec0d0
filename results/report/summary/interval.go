package summary

import (
	"fmt"
	"math"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// widest is how far an end of an interval may be from its median, as a share of it, for ±. Beyond
// it the two ends are mostly unlike each other (a tail that was once ten times as long), which one
// number would hide.
const widest = 0.30

// intervals explains what ± means on this page: a median's interval has 95% when 6 values are
// behind it, and less when fewer are.
func intervals(r *results.Record) string {
	if r.Settings.Rounds < 2 {
		return "Each figure is of one round: how far it may be off is not known."
	}
	of := fmt.Sprintf("%s interval", Confidence(stat.Confidence))
	if e := stat.Median(make([]float64, r.Settings.Rounds)); e.Confidence < stat.Confidence {
		of = fmt.Sprintf("%s interval, the range of the rounds", Confidence(e.Confidence))
	}
	return fmt.Sprintf("Each figure is the median of %s, each on a fresh server; ± is its %s: the further "+
		"end of it, or both ends where one is more than %.0f%% away.",
		unit.Counted(r.Settings.Rounds, "round"), of, 100*widest)
}

// Confidence is in per cent, rounded down. One that is more than was asked for, as small samples
// give it, is what was asked for.
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
		return fmt.Sprintf("Intervals are the whole range of the %d rounds, which holds the true median "+
			"with a confidence of %s%%; six rounds or more would give 95%%.",
			rounds, unit.Digits(math.Floor(100*e.Confidence)))
	}
	return fmt.Sprintf(
		"Intervals are for the median of %d rounds, and hold the true one with a confidence of 95%% or more.", rounds)
}
