package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"nodecompare/results/unit"
)

// LoadProgress is a load in progress, for a terminal.
type LoadProgress struct {
	What          string // is counted
	Elapsed, Left time.Duration
	P99US         float64 // so far
	Errors        uint64
	Rates         []float64 // requests without error per second, interval by interval
	P99sUS        []float64 // likewise
	Spread        []uint64  // requests without error, by LatencyBounds
}

// LatencyBounds are the upper ends of the bins of LoadProgress.Spread in microseconds, four from
// one power of ten to the next. The last bin has what is beyond, too.
var LatencyBounds = func() (all []float64) {
	for n := range 8*4 + 1 {
		all = append(all, math.Pow(10, float64(n)/4))
	}
	return all
}()

// leastSpark is the least room for a line over time.
const leastSpark = 8

// Lines are the progress: the state in words, rate and p99 over time, and the spread of latencies.
func (l LoadProgress) Lines(o Options) []string {
	var text strings.Builder
	p := newPage(&text, o)
	rate := 0.0
	if n := len(l.Rates); n > 0 {
		rate = l.Rates[n-1]
	}
	p.paragraph(LiveLoad(l.What, rate, l.P99US, l.Errors) + "; " + unit.Elapsed(l.Elapsed, l.Left))
	p.spark("rate", l.Rates, func(v float64) string { return unit.Rate(v) + "/s" })
	p.spark("p99", l.P99sUS, unit.Micros)
	p.spread(l.Spread)
	return strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
}

// spark draws the last values, as many as there is room for, on the scale of the largest of all.
func (p *page) spark(name string, values []float64, write func(float64) string) {
	most := 0.0
	for _, v := range values {
		most = max(most, v)
	}
	note := " most " + write(most)
	room := p.width - len("rate ") - columnsOf(note)
	if room < leastSpark || len(values) == 0 {
		return
	}
	p.line(padded(name, len("rate ")) + sparkline(values[max(0, len(values)-room):], most) + note)
}

// spread draws how latencies are spread, on an axis of powers of ten: rare ones show too.
func (p *page) spread(bins []uint64) {
	some := func(n uint64) bool { return n > 0 }
	first := slices.IndexFunc(bins, some)
	if first < 0 {
		return
	}
	last := len(bins) - 1
	for bins[last] == 0 {
		last--
	}
	var heights []float64
	for _, n := range bins[first : last+1] {
		heights = append(heights, math.Log1p(float64(n)))
	}
	marks := []rune(sparkline(heights, slices.Max(heights)))
	for i, h := range heights {
		if h == 0 {
			marks[i] = ' '
		}
	}
	line := fmt.Sprintf("%s %s %s", unit.Micros(LatencyBounds[max(first-1, 0)]), string(marks),
		unit.Micros(LatencyBounds[last]))
	if whole := "how long requests take: " + line; columnsOf(whole) <= p.width {
		line = whole
	}
	p.line(cut(line, p.width))
}
