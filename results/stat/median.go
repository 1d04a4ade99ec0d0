// Package stat holds the statistics that every verdict rests on. A value is one trial's figure,
// never one request's: requests of one server process share whatever luck it had.
package stat

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// Confidence is that of every interval which has enough values for it.
const Confidence = 0.95

// Estimate is a median of some values and an interval for the median of all that might have been
// measured.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	// at least 0.95, or what all of the values' range gives when they are less than 6
	Confidence float64 `json:"confidence"`
	N          int     `json:"n"`
}

// Median estimates by order statistics (benchmath.AssumeNothing), which assume nothing about how
// the values are spread. With fewer than 6 of them no interval reaches 95%: then it is their whole
// range, which holds the median with 1 − 2^(1−n).
func Median(values []float64) Estimate {
	n := len(values)
	if n == 0 {
		return Estimate{}
	}
	sample := benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds) // it sorts what it is given
	s := benchmath.AssumeNothing.Summary(sample, Confidence)
	e := Estimate{Value: s.Center, Low: s.Lo, High: s.Hi, Confidence: s.Confidence, N: n}
	if math.IsInf(e.Low, 0) || math.IsInf(e.High, 0) {
		e.Low, e.High, e.Confidence = sample.Values[0], sample.Values[n-1], 1-math.Pow(2, float64(1-n))
	}
	return e
}
