package stat

import (
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// PairedRatio estimates the ratio within pairs from the logarithms of the pairs' ratios, and
// returns logarithms: their mean, with the interval of Student's t (W. S. Gosset, The probable
// error of a mean, Biometrika 6, 1908) at the confidence. Swapping the two of each pair mirrors the
// result to the last bit. With fewer than 6 pairs the interval is that of [Median].
func PairedRatio(logs []float64, confidence float64) Estimate {
	n := len(logs)
	if n < leastRounds {
		return Median(logs)
	}
	mean, deviation := moments(logs)
	half := halfWidth(n, deviation, confidence)
	return Estimate{Value: mean, Low: mean - half, High: mean + half, Confidence: confidence, N: n}
}

// PairedDiffer returns the probability that chance alone puts the mean of these logarithms as far
// from 0: Student's two-sided test. PairedDiffer returns 1 for fewer than 2 pairs, and if all
// logarithms are 0.
func PairedDiffer(logs []float64) (p float64) {
	if len(logs) < 2 {
		return 1
	}
	mean, deviation := moments(logs)
	switch {
	case mean == 0:
		return 1
	case deviation == 0:
		return 0
	}
	t := math.Abs(mean) / (deviation / math.Sqrt(float64(len(logs))))
	return min(1, 2*student(len(logs)).Survival(t))
}

// PairedRounds returns how many pairs would narrow an interval of [PairedRatio] to half on either
// side, if the pairs vary as in the estimate. PairedRounds returns 0 if that takes more than most.
func PairedRounds(e Estimate, half float64, most int) int {
	if e.N < leastRounds || !(half > 0) {
		return 0
	}
	deviation := (e.High - e.Low) / 2 / halfWidth(e.N, 1, e.Confidence)
	more := sort.Search(max(0, most-e.N+1), func(i int) bool {
		return halfWidth(e.N+i, deviation, e.Confidence) <= half
	})
	if e.N+more > most {
		return 0
	}
	return e.N + more
}

func halfWidth(n int, deviation, confidence float64) float64 {
	if deviation == 0 {
		return 0
	}
	return quantile(interval{n, confidence}) * deviation / math.Sqrt(float64(n))
}

// interval identifies an interval of the mean of n values.
type interval struct {
	n          int
	confidence float64
}

// quantile returns half the interval's width in standard errors of the mean. The search for it is
// most of the work of a comparison, so results are cached.
var quantile = memo(func(i interval) float64 { return student(i.n).Quantile((1 + i.confidence) / 2) })

// student returns the distribution of the mean of n values, in standard errors.
func student(n int) distuv.StudentsT { return distuv.StudentsT{Sigma: 1, Nu: float64(n - 1)} }

// moments returns the mean and the standard deviation. Neither the order nor the common sign of the
// values changes the last bit: moments sums the values on either side of 0 separately, and the
// squares, each in order of size.
func moments(values []float64) (mean, deviation float64) {
	var above, below, squares []float64
	for _, v := range values {
		above, below = append(above, max(0, v)), append(below, max(0, -v))
	}
	n := float64(len(values))
	mean = (sum(above) - sum(below)) / n
	for _, v := range values {
		squares = append(squares, (v-mean)*(v-mean))
	}
	return mean, math.Sqrt(sum(squares) / (n - 1))
}

func sum(values []float64) (sum float64) {
	slices.Sort(values)
	for _, v := range values {
		sum += v
	}
	return sum
}
