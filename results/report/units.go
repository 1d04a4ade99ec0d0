package report

import (
	"math"
	"strconv"
	"strings"
)

// missing stands for a figure that there is not.
const missing = "–"

// digits writes v with three significant digits and never an exponent: 0.12, 4.27, 21.4, 312, 15200.
func digits(v float64) string { return rounded(v, 3) }

// rounded is digits with another number of them.
func rounded(v float64, significant int) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	decimals := min(max(significant-1-int(math.Floor(math.Log10(math.Abs(v)))), 0), 2)
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// rate is in requests per second, without its unit: 20, 1.27k, 15.2k, 1.2M.
func rate(v float64) string {
	s := fitting(v, rates)
	return digits(v/s.one) + s.name
}

// count is a whole number with its thousands apart: 1,006.
func count(v float64) string {
	s := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// A scale is a unit and how much of the base unit one of it is.
type scale struct {
	name string
	one  float64
}

var (
	times = []scale{{"s", 1e6}, {"ms", 1e3}, {"µs", 1}}
	sizes = []scale{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}}
	rates = []scale{{"M", 1e6}, {"k", 1e3}, {"", 1}}
)

// fitting is the largest unit of which v is at least one.
func fitting(v float64, scales []scale) scale {
	for _, s := range scales {
		if v >= 0.9995*s.one {
			return s
		}
	}
	return scales[len(scales)-1]
}

// micros writes microseconds in the unit that fits: 412 µs, 4.2 ms, 1.25 s.
func micros(v float64) string {
	s := fitting(v, times)
	return digits(v/s.one) + " " + s.name
}

// series writes values with arrows between: in one unit, which fits the largest, unless the smallest would then have no digits.
func series(values []float64, has []bool, scales []scale) string {
	one := fitting(largest(values), scales)
	for i, v := range values {
		if has[i] && v < 0.1*one.one {
			return arrows(values, has, func(v float64) string {
				s := fitting(v, scales)
				return rounded(v/s.one, 2) + " " + s.name // three units and three digits each would not fit a column
			})
		}
	}
	return arrows(values, has, func(v float64) string { return digits(v / one.one) }) + " " + one.name
}

func arrows(values []float64, has []bool, write func(float64) string) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = missing
		if has[i] {
			parts[i] = write(v)
		}
	}
	return strings.Join(parts, " → ")
}

func largest(values []float64) float64 {
	most := 0.0
	for _, v := range values {
		most = max(most, v)
	}
	return most
}
