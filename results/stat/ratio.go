package stat

import (
	"math"
	"slices"
	"sort"

	"github.com/aclements/go-moremath/stats"
)

// exactUpTo is the size of samples up to which the distribution of Mann and Whitney's U is computed
// exactly.
const exactUpTo = 50

// RatioInterval estimates the ratio of one sample's values to another's, without pairs. All values
// must be above 0; otherwise, and for an empty sample, RatioInterval returns the zero Estimate.
//
// The value is the median of new/old over all pairs. The interval holds the ratios by which the old
// values can be multiplied until [Differ] finds no difference at 5% (J. L. Hodges and E. L.
// Lehmann, Estimates of location based on rank tests, Ann. Math. Stat. 34, 1963; L. E. Moses, in
// Walker and Lev, Statistical Inference, 1953), for values without ties. Samples too small for 95%
// (3 each: 90%) give the range of all pairs, with its confidence.
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

// sizes are the sizes of two samples.
type sizes struct{ n, m int }

// trim is the number of sorted differences outside the interval at either end, and the interval's
// confidence.
type trim struct {
	cut        int
	confidence float64
}

// trimmed computes the trim of two sample sizes, for small samples by counting all orders.
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

// leastRounds is the smallest number of values whose median has a 95% interval.
const leastRounds = 6

// RoundsNeeded returns how many rounds would narrow an interval of n rounds from width to wanted,
// both in logarithms of the ratio: the width shrinks with 1/√n. RoundsNeeded returns at least 6,
// and 0 if no number is enough.
func RoundsNeeded(n int, width, wanted float64) int {
	if n <= 0 || !(wanted > 0) || !(width >= 0) || math.IsInf(width, 0) {
		return 0
	}
	// rounding must not add a round when width equals wanted
	rounds := math.Ceil(float64(n) * (width / wanted) * (width / wanted) * (1 - 1e-12))
	if rounds > math.MaxInt32 {
		return 0
	}
	return max(leastRounds, int(rounds))
}
