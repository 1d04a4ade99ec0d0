package stat

import (
	"math"
	"slices"
	"sort"

	"github.com/aclements/go-moremath/stats"
)

// exactUpTo is the size of samples up to which the distribution of Mann and Whitney's U is computed
// and not approximated.
const exactUpTo = 50

// RatioInterval estimates how many times as much the values of one sample are as those of another,
// with which they are not paired. All values must be above 0: else, and when a sample is empty, it
// is the zero Estimate.
//
// The value is the median of new/old over all pairs, and the interval holds those ratios by which
// the old values can be multiplied without that [Differ] finds a difference at 5% (J. L. Hodges and
// E. L. Lehmann, Estimates of location based on rank tests, Ann. Math. Stat. 34, 1963; L. E. Moses,
// in Walker and Lev, Statistical Inference, 1953), for values without ties. Where the samples are
// too small for 95% (3 each: 90%) it is the range of all pairs with the confidence that this has.
func RatioInterval(old, new []float64) Estimate {
	logs := make([]float64, 0, len(old)*len(new))
	for _, o := range old {
		for _, n := range new {
			l := math.Log(n) - math.Log(o)
			if !(o > 0 && n > 0) || math.IsInf(l, 0) || math.IsInf(math.Exp(l), 0) {
				return Estimate{}
			}
			logs = append(logs, l)
		}
	}
	if len(logs) == 0 {
		return Estimate{}
	}
	slices.Sort(logs)
	last := len(logs) - 1
	t := trimmed(sizes{len(old), len(new)})
	return Estimate{
		Value: math.Exp((logs[last/2] + logs[(last+1)/2]) / 2),
		Low:   math.Exp(logs[t.cut]), High: math.Exp(logs[last-t.cut]),
		Confidence: t.confidence, N: min(len(old), len(new)),
	}
}

// sizes are those of two samples.
type sizes struct{ n, m int }

// trim is how many of the sorted differences lie outside of the interval at either end, and the
// interval's confidence.
type trim struct {
	cut        int
	confidence float64
}

// trimmed counts, for small samples, all the ways in which they may lie.
var trimmed = memo(func(s sizes) trim {
	tail := (1 - Confidence) / 2
	product := s.n * s.m
	if s.n > exactUpTo || s.m > exactUpTo {
		sigma := math.Sqrt(float64(product) * float64(s.n+s.m+1) / 12)
		return trim{int(max(0, math.Floor(float64(product)/2-0.5+stats.StdNormal.InvCDF(tail)*sigma))), Confidence}
	}
	u := stats.UDist{N1: s.n, N2: s.m}
	cut := sort.Search(product/2, func(k int) bool { return u.CDF(float64(k+1)) > tail })
	return trim{cut, max(0, 1-2*u.CDF(float64(cut)))}
})

// leastRounds is the fewest values with which a median has an interval of 95%.
const leastRounds = 6

// RoundsNeeded is how many rounds would bring an interval that n rounds made this wide down to the
// wanted width, both in logarithms of the ratio: the width goes with 1/√n. It is at least 6, and 0
// where no number would do.
func RoundsNeeded(n int, width, wanted float64) int {
	if n <= 0 || !(wanted > 0) || !(width >= 0) || math.IsInf(width, 0) {
		return 0
	}
	// a width that is the wanted one needs no more
	rounds := math.Ceil(float64(n) * (width / wanted) * (width / wanted) * (1 - 1e-12))
	if rounds > math.MaxInt32 {
		return 0
	}
	return max(leastRounds, int(rounds))
}
