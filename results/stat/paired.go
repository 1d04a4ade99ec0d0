package stat

import (
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// PairedRatio estimates how many times as much the one of a pair is as the other, from the
// logarithms of the pairs' ratios, and is a logarithm itself: their mean, with the interval of
// Student's t (W. S. Gosset, The probable error of a mean, Biometrika 6, 1908) for the confidence.
// Swapping the two gives the mirror image, to the last bit. With fewer than 6 pairs it is that of
// [Median].
func PairedRatio(logs []float64, confidence float64) Estimate {
	n := len(logs)
	if n < leastRounds {
		return Median(logs)
	}
	mean, deviation := moments(logs)
	half := halfWidth(n, deviation, confidence)
	return Estimate{Value: mean, Low: mean - half, High: mean + half, Confidence: confidence, N: n}
}

// PairedDiffer is the probability of a mean as far from 0 as that of these logarithms if nothing
// told the two of each pair apart but chance: Student's test, two-sided. It is 1 for fewer than 2
// pairs, and when all logarithms are 0.
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

// PairedRounds is how many pairs would make an interval of [PairedRatio] no further from its middle
// than half, if they differ among each other as the estimate's do. It is 0 where so many as most
// would not do.
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

// interval is of the mean of n values.
type interval struct {
	n          int
	confidence float64
}

// quantile is how far the interval reaches, in units of the mean's standard error. It is found by
// trying, which is most of the work of a comparison.
var quantile = memo(func(i interval) float64 { return student(i.n).Quantile((1 + i.confidence) / 2) })

// student is the distribution of the mean of n values, in units of its own standard error.
func student(n int) distuv.StudentsT { return distuv.StudentsT{Sigma: 1, Nu: float64(n - 1)} }

// moments are the mean and the standard deviation. Neither the order of the values nor their sign
// makes a difference in the last bit: those on either side of 0 are summed up by themselves, and
// the squares, each in the order of their size.
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
