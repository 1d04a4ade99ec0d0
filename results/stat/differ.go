package stat

import (
	"cmp"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// Differ is the probability of two samples at least as far apart as these if nothing told them
// apart but chance: the two-sided test of H. B. Mann and D. R. Whitney (On a test of whether one of
// two random variables is stochastically larger than the other, Ann. Math. Stat. 18, 1947), exact
// up to 50 values each, or 25 with ties (J. H. Klotz, 1966). It is 1 when either sample is empty,
// and when all values are the same. The least it can give is 0.1 for 3 values each, 0.0022 for 6.
func Differ(a, b []float64) (p float64) {
	if len(a) == 0 || len(b) == 0 {
		return 1
	}
	// With ties in samples of unequal size the distribution is skewed, and the two orders give
	// different tails: the larger holds for both.
	return min(1, max(compare(a, b), compare(b, a)))
}

func compare(a, b []float64) float64 {
	sample := func(values []float64) *benchmath.Sample {
		return benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds) // it sorts what it is given
	}
	return benchmath.AssumeNothing.Compare(sample(a), sample(b)).P
}

// Holm corrects the probabilities of several tests that are read together, so that the chance that
// any of them is below a level by luck alone is at most that level, however they depend on each
// other (S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6,
// 1979). The result is in the order given; one that is not a number counts as 1.
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
	least := 0.0 // of those that follow: a larger one is never corrected to less than a smaller one
	for rank, i := range order {
		least = max(least, min(1, float64(len(p)-rank)*adjusted[i]))
		adjusted[i] = least
	}
	return adjusted
}
