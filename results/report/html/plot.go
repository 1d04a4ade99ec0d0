package html

import (
	"math"
	"strconv"
)

// A plot is what page/plots.js draws: data, and how to read it, but no look.
type plot struct {
	X      plotAxis   `json:"x"`
	Y      plotAxis   `json:"y"`
	Series []plotLine `json:"series"`
}

// plotAxis has a kind, by which its figures are written: connections, percentile, rate, time (µs),
// count, bytes, ratio.
type plotAxis struct {
	Kind  string       `json:"kind"`
	Log   bool         `json:"log,omitempty"`
	Ticks []plotNumber `json:"ticks,omitempty"` // where to put marks; empty leaves it to the script
}

// plotLine is one mode's values. Low and High are the interval of each, and as long as Y, or nil.
type plotLine struct {
	Mode   int          `json:"mode"`
	Line   bool         `json:"line,omitempty"`
	Dashed bool         `json:"dashed,omitempty"`
	Marks  bool         `json:"marks,omitempty"`
	Band   bool         `json:"band,omitempty"` // draw the intervals as a band, not as whiskers
	Curve  bool         `json:"curve,omitempty"`
	X      []plotNumber `json:"x,omitempty"`
	Span   []plotNumber `json:"span,omitempty"`  // in place of X: both ends of even steps on a log scale
	Times  []int64      `json:"times,omitempty"` // in place of X: seconds since 1970
	Y      []plotNumber `json:"y"`
	Low    []plotNumber `json:"low,omitempty"`
	High   []plotNumber `json:"high,omitempty"`
}

// plotNumber is written with four significant digits, more than a plot can show: the page is half
// as large that way.
type plotNumber float64

// nothing is where a line has a gap.
var nothing = math.NaN()

// MarshalJSON writes null for what is no number.
func (f plotNumber) MarshalJSON() ([]byte, error) {
	v := float64(f)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	s := strconv.FormatFloat(v, 'g', 4, 64)
	if whole := strconv.FormatFloat(v, 'f', -1, 64); len(whole) <= len(s) {
		s = whole
	}
	return []byte(s), nil
}

// logFrom is the ratio of the largest value to the smallest from which a linear axis would hide the
// small ones.
const logFrom = 30

// wantsLog says whether the values of a plot want a logarithmic axis, which has no place for 0.
func wantsLog(all []plotLine) bool {
	least, most := math.Inf(1), 0.0
	for _, s := range all {
		for _, v := range s.Y {
			if v := float64(v); !math.IsNaN(v) {
				least, most = min(least, v), max(most, v)
			}
		}
	}
	return least > 0 && most > logFrom*least
}

// figure is a plot with its words and its table.
type figure struct {
	ID    string     `json:"id"`
	Title string     `json:"title"`
	Short string     `json:"short,omitempty"` // its title where there is little room, if it is not the usual one
	Unit  string     `json:"unit"`            // of the vertical axis
	XAxis string     `json:"xaxis"`
	Reads string     `json:"reads,omitempty"` // what to look for
	Label string     `json:"label"`           // for those who do not see it
	Notes []string   `json:"notes,omitempty"`
	Table *dataTable `json:"table,omitempty"`
	Law   *dataTable `json:"law,omitempty"` // of Throughput: what was fitted
	Plot  plot       `json:"plot"`
	Modes []int      `json:"modes"` // that are drawn
}
