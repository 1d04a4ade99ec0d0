package stat

import (
	"cmp"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// Differ returns the probability that chance alone puts two samples at least as far apart as these:
// the two-sided test of H. B. Mann and D. R. Whitney (On a test of whether one of two random
// variables is stochastically larger than the other, Ann. Math. Stat. 18, 1947), exact up to 50
// values each, or 25 with ties (J. H. Klotz, 1966). Differ returns 1 if either sample is empty or
// all values are equal. Its least result is 0.1 for 3 values each, 0.0022 for 6.
func Differ(a, b []float64) (p float64) {
	if len(a) == 0 || len(b) == 0 {
		return 1
	}
	// With ties in samples of unequal size the distribution is skewed, and the two orders give
	// different tails. The larger one is valid for both.
	return min(1, max(compare(a, b), compare(b, a)))
}

func compare(a, b []float64) float64 {
	sample := func(values []float64) *benchmath.Sample {
		// NewSample sorts its argument
		return benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds)
	}
	return benchmath.AssumeNothing.Compare(sample(a), sample(b)).P
}

// Holm corrects the probabilities of several tests that are read together: the chance that any of
// them falls below a level by luck is at most that level, however the tests depend on each other
// (S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6, 1979). The
// result keeps the order of p. NaN counts as 1.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	adjusted := make([]float64, len(p))
	for i, v := range p {
		order[i], adjusted[i] = i, v
		if math.IsNaN(v) {
			adjusted[i] = 1
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(adjusted[i], adjusted[j]) })
	least := 0.0 // of the corrected values so far: corrected values never decrease
	for rank, i := range order {
		least = max(least, min(1, float64(len(p)-rank)*adjusted[i]))
		adjusted[i] = least
	}
	return adjusted
}
