package summary

import (
	"fmt"
	"math"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// widest is the largest distance of an interval's end from its median, as a share of it, for ±.
// Beyond it the two ends usually differ too much for one number, as with a tail that was once ten
// times as long.
const widest = 0.30

// Rounds returns how many rounds a record has: an interrupted bench has not made all of them.
// Before the first trial it is how many there are to be.
func Rounds(r *results.Record) int {
	if n := made(r); r.Partial && n > 0 {
		return min(n, r.Settings.Rounds)
	}
	return r.Settings.Rounds
}

// made returns the number of the last round of which there is a trial.
func made(r *results.Record) (rounds int) {
	for _, t := range r.Trials {
		rounds = max(rounds, t.Round)
	}
	return rounds
}

// intervals explains ± on this page: a median's interval has 95% confidence with 6 values, and less
// with fewer.
func intervals(r *results.Record) string {
	rounds := Rounds(r)
	if rounds < 2 {
		return "Each figure is of one round: how far it may be off is not known."
	}
	of := fmt.Sprintf("%s interval", Confidence(stat.Confidence))
	if e := stat.Median(make([]float64, rounds)); e.Confidence < stat.Confidence {
		of = fmt.Sprintf("%s interval, the range of the rounds", Confidence(e.Confidence))
	}
	return fmt.Sprintf("Each figure is the median of %s, each on a fresh server; ± is its %s: the further "+
		"end of it, or both ends where one is more than %.0f%% away.",
		unit.Counted(rounds, "round"), of, 100*widest)
}

// Spreads says what the answer's figures, factors and their intervals are, for the page, where they
// stand side by side; "" of one round.
func Spreads(r *results.Record) string {
	rounds := Rounds(r)
	if rounds < 2 {
		return ""
	}
	of := Confidence(stat.Median(make([]float64, rounds)).Confidence)
	if of != Confidence(stat.Confidence) {
		return fmt.Sprintf("Points and bars are medians over %d rounds, whiskers the whole range, since so few "+
			"rounds allow no better interval.", rounds)
	}
	return fmt.Sprintf("Points and bars are medians over %d rounds, with %s intervals. A factor is the mean of the "+
		"rounds’ own factors, with its 99%% interval.", rounds, of)
}

// Confidence writes a confidence in per cent, rounded down. A higher confidence than asked for, as
// from small samples, is written as asked for.
func Confidence(share float64) string {
	return fmt.Sprintf("%.0f%%", math.Floor(100*min(share, stat.Confidence)+1e-9))
}

// IntervalNote explains an interval of the given number of rounds.
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
