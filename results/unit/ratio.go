package unit

import (
	"fmt"
	"math"
	"strings"
)

// Times writes a ratio as a factor: 1.8×.
func Times(ratio float64) string { return Digits(ratio) + "×" }

// Difference writes what a ratio above 1 adds, in per cent, or as a factor if that is easier to
// read.
func Difference(ratio float64) string {
	if ratio >= 2 {
		return Rounded(ratio, 2) + " times"
	}
	return Rounded(100*(ratio-1), 2) + "%"
}

// More writes what a ratio adds, in per cent with its sign but without the per cent sign, and with
// one decimal below 10.
func More(ratio float64) string {
	v := 100 * (ratio - 1)
	s := fmt.Sprintf("%+.1f", v)
	if v >= 9.95 || v <= -9.95 {
		s = fmt.Sprintf("%+.0f", v)
	}
	if s == "+0.0" || s == "-0.0" {
		return "0"
	}
	return s
}

// Deviation writes how far off a share is, with its sign, and with one decimal while that matters.
func Deviation(share float64) string {
	decimals := 1
	if math.Abs(share) >= 1 {
		decimals = 0
	}
	return fmt.Sprintf("%+.*f%%", decimals, 100*share)
}

// Share writes part of whole in per cent, and never 0% for a part above 0.
func Share(part, whole uint64) string {
	p := 100 * float64(part) / float64(max(whole, 1))
	if part > 0 && p < 0.01 {
		return "below 0.01%"
	}
	return Digits(p) + "%"
}

// Arrows writes a series of values: 9 → 71 → 1,007. A value that does not exist is written as
// Missing.
func Arrows(values []float64, has []bool, write func(float64) string) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = Missing
		if has[i] {
			parts[i] = write(v)
		}
	}
	return strings.Join(parts, " → ")
}

// Series is Arrows in the unit of the largest value, unless the smallest value would then have no
// digits.
func Series(values []float64, has []bool, scales []Scale) string {
	largest := 0.0
	for _, v := range values {
		largest = max(largest, v)
	}
	one := Fitting(largest, scales)
	for i, v := range values {
		if has[i] && v < 0.1*one.One {
			return Arrows(values, has, func(v float64) string {
				s := Fitting(v, scales)
				// three units with three digits each do not fit a column
				return Rounded(v/s.One, 2) + " " + s.Name
			})
		}
	}
	return Arrows(values, has, func(v float64) string { return Digits(v / one.One) }) + " " + one.Name
}
