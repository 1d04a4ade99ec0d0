// Package stat holds the statistics that every verdict rests on. A value is one trial's figure,
// never one request's, because the requests of one server process are not independent.
package stat

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// Confidence is the confidence of every interval with enough values.
const Confidence = 0.95

// Estimate is a median of values, with an interval for the true median.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	// Confidence is at least 0.95, or with fewer than 6 values the confidence of their whole range.
	Confidence float64 `json:"confidence"`
	N          int     `json:"n"`
}

// Median estimates by order statistics (benchmath.AssumeNothing), without assumptions about the
// distribution. Fewer than 6 values give no 95% interval. Median then returns their whole range,
// which holds the true median with 1 − 2^(1−n).
func Median(values []float64) Estimate {
	n := len(values)
	if n == 0 {
		return Estimate{}
	}
	// NewSample sorts its argument
	sample := benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds)
	s := benchmath.AssumeNothing.Summary(sample, Confidence)
	e := Estimate{Value: s.Center, Low: s.Lo, High: s.Hi, Confidence: s.Confidence, N: n}
	if math.IsInf(e.Low, 0) || math.IsInf(e.High, 0) {
		e.Low, e.High, e.Confidence = sample.Values[0], sample.Values[n-1], 1-math.Pow(2, float64(1-n))
	}
	return e
}
