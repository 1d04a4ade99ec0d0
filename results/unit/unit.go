// Package unit writes numbers for people: rounded to significant digits, in a suitable unit.
package unit

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Missing stands for a number that does not exist.
const Missing = "–"

// Digits writes v with three significant digits and never an exponent: 0.12, 4.27, 21.4, 312,
// 15200.
func Digits(v float64) string { return Rounded(v, 3) }

// Rounded is Digits with the given number of significant digits.
func Rounded(v float64, significant int) string {
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

// Number writes all digits of v and no exponent, for programs.
func Number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// Short rounds v to six significant digits, for programs. Further digits are floating-point noise
// that bloats a history.
func Short(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	one := math.Pow(10, 5-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*one) / one
}

// Small writes numbers that may be far below 1, with an exponent if necessary: 0.23, 0.00041,
// 2.1e-6.
func Small(v float64) string {
	switch {
	case v == 0 || math.Abs(v) >= 0.01:
		return Digits(v)
	case math.Abs(v) >= 0.0001:
		return strconv.FormatFloat(v, 'f', 1-int(math.Floor(math.Log10(math.Abs(v)))), 64)
	}
	return strings.Replace(strconv.FormatFloat(v, 'e', 1, 64), "e-0", "e-", 1)
}

type number interface {
	~int | ~int64 | ~uint64 | ~float64
}

// Count writes a whole number with thousands separators: 1,006.
func Count[N number](n N) string {
	s := strconv.FormatFloat(math.Round(float64(n)), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Counted writes a number of things: 1 thread, 1,006 threads, 2 deliveries.
func Counted[N number](n N, what string) string {
	s := Count(n)
	if s != "1" {
		what = Plural(what)
	}
	return s + " " + what
}

// Plural returns the plural of a noun.
func Plural(noun string) string {
	if stem, y := strings.CutSuffix(noun, "ry"); y {
		return stem + "ries"
	}
	return noun + "s"
}

// A Scale is a unit with its size in base units.
type Scale struct {
	Name string
	One  float64
}

// Scales from large to small. Durations are of microseconds, Sizes of bytes, Rates of 1/s.
var (
	Durations = []Scale{{"s", 1e6}, {"ms", 1e3}, {"µs", 1}}
	Sizes     = []Scale{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}}
	Rates     = []Scale{{"M", 1e6}, {"k", 1e3}, {"", 1}}
)

// Fitting returns the largest scale of which v is at least one.
func Fitting(v float64, scales []Scale) Scale {
	for _, s := range scales {
		if v >= 0.9995*s.One {
			return s
		}
	}
	return scales[len(scales)-1]
}

// Rate writes requests per second without their unit: 20, 1.27k, 15.2k, 1.2M.
func Rate(v float64) string {
	s := Fitting(v, Rates)
	return Digits(v/s.One) + s.Name
}

// Micros writes microseconds: 412 µs, 4.2 ms, 1.25 s.
func Micros(v float64) string {
	s := Fitting(v, Durations)
	return Digits(v/s.One) + " " + s.Name
}

// FineMicros is Micros with one more digit, which shows an error of 1%.
func FineMicros(v float64) string {
	s := Fitting(v, Durations)
	return fmt.Sprintf("%.4g %s", v/s.One, s.Name)
}

// Seconds is Micros of seconds.
func Seconds(s float64) string { return Micros(s * float64(time.Second/time.Microsecond)) }

// Bytes writes bytes: 412 B, 23.2 MB.
func Bytes(v float64) string {
	s := Fitting(v, Sizes)
	return Digits(v/s.One) + " " + s.Name
}

// Writer returns the function that writes values of a figure's unit.
func Writer(unit string) func(float64) string {
	switch unit {
	case "us":
		return Micros
	case "requests/s":
		return Rate
	case "bytes":
		return Bytes
	case "switches/request":
		return Small
	case "%":
		return func(v float64) string { return Digits(v) + "%" }
	}
	return Count[float64]
}
