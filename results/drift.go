package results

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	driftSuspect    = 0.10
	driftConfidence = 0.99 // that a move is more than noise
)

// drift compares the server's CPU per request, relative to the yardstick's, over time: its trend
// over the base rung's slices, and the mean of these slices against the slices after the ladder.
func drift(e Evidence) (status, reason string) {
	if moved, sure := trend(e.Costs); sure && beyondDrift(moved) {
		return Suspect, fmt.Sprintf("the server's CPU per request, beside the yardstick's, went to %.2f "+
			"times what it was within the run: the server was still changing", math.Exp(moved))
	}
	if moved, sure := step(e.Costs, e.CostsAfter); sure && beyondDrift(moved) {
		return Suspect, fmt.Sprintf("the server's CPU per request, beside the yardstick's, was %.2f times "+
			"as much after the ladder as before: the server was still changing", math.Exp(moved))
	}
	return Valid, ""
}

func beyondDrift(moved float64) bool { return math.Abs(moved) > math.Log1p(driftSuspect) }

// trend fits a straight line and returns the logarithm of the factor between the series' first and
// last value. sure reports that the factor is more than noise.
func trend(series []float64) (moved float64, sure bool) {
	n := float64(len(series))
	if n < 4 {
		return 0, false
	}
	at, logs := make([]float64, len(series)), logarithms(series)
	for i := range at {
		at[i] = float64(i) / n
	}
	offset, slope := stat.LinearRegression(at, logs, nil, false)
	off := 0.0
	for i := range at {
		off += square(logs[i] - offset - slope*at[i])
	}
	deviation := math.Sqrt(off / (n - 2) / (stat.Variance(at, nil) * (n - 1)))
	return slope, math.Abs(slope) > student(n-2)*deviation
}

// step returns the logarithm of the factor between the means of two series. sure reports that the
// factor is more than noise.
func step(before, after []float64) (moved float64, sure bool) {
	n, m := float64(len(before)), float64(len(after))
	if n < 2 || m < 2 {
		return 0, false
	}
	a, varianceA := stat.MeanVariance(logarithms(before), nil)
	b, varianceB := stat.MeanVariance(logarithms(after), nil)
	variance := ((n-1)*varianceA + (m-1)*varianceB) / (n + m - 2)
	return b - a, math.Abs(b-a) > student(n+m-2)*math.Sqrt(variance*(1/n+1/m))
}

// student returns Student's t at driftConfidence, in standard errors, for the given degrees of
// freedom.
func student(free float64) float64 {
	return distuv.StudentsT{Sigma: 1, Nu: free}.Quantile((1 + driftConfidence) / 2)
}

func logarithms(series []float64) []float64 {
	logs := make([]float64, len(series))
	for i, v := range series {
		logs[i] = math.Log(v)
	}
	return logs
}

func square(v float64) float64 { return v * v }
