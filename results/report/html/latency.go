package html

import (
	"fmt"
	"math"
	"slices"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/results"
	"nodecompare/results/report/summary"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// perDecade is the points of the curve between 90% and 99%, 99% and 99.9%, ...
const perDecade = 10

// distribution is a mode's latencies at one load, of each round.
type distribution struct {
	mode   int
	rounds []*hdr.Histogram
	broken []string // rounds that cannot be read, and why
}

// distributions are those of each mode that has any.
func distributions(r *results.Record, w results.Workload, at results.RungKey) []distribution {
	var all []distribution
	for i, m := range r.Settings.Modes {
		d := distribution{mode: i}
		for _, t := range r.Trials {
			rung, ok := t.Rung(at)
			if t.Workload != w.Name || t.Mode != m.Name || !ok || rung.Histogram == "" {
				continue
			}
			h, err := hdr.Decode([]byte(rung.Histogram))
			if err != nil {
				d.broken = append(d.broken,
					fmt.Sprintf("%s, round %d: its histogram cannot be read and is left out: %v", m.Name, t.Round, err))
				continue
			}
			if h.TotalCount() > 0 {
				d.rounds = append(d.rounds, h)
			}
		}
		if len(d.rounds) > 0 || d.broken != nil {
			all = append(all, d)
		}
	}
	return all
}

// drawable says whether any of them holds a latency.
func drawable(all []distribution) bool {
	return slices.ContainsFunc(all, func(d distribution) bool { return len(d.rounds) > 0 })
}

// latencyFigure shows the distribution at the common rate, or, in a record without such a load, at
// the base rung.
func latencyFigure(r *results.Record, w results.Workload, id string) (figure, bool) {
	at := results.RungKey{Load: results.Common}
	of := distributions(r, w, at)
	load := "at a common rate" + commonRate(r, w)
	reads := "Read it from left to right: half of the requests were faster than the line at 50%, all but " +
		"one in a thousand than at 99.9%. Lower is better, and what rises at the right end is what the " +
		"unlucky ones see. Times count from the moment a request was due, so a stalled server cannot hide " +
		"who was waiting."
	if !drawable(of) {
		at = results.ClosedAt(w.Base)
		of = distributions(r, w, at)
		load = fmt.Sprintf("at %s connections, each of which waits for its answer", unit.Count(w.Base))
		reads = "Read it from left to right: half of the requests were faster than the line at 50%, all but " +
			"one in a thousand than at 99.9%. Lower is better."
		if w.Plays {
			load = fmt.Sprintf("from when each of %s viewers came to its first whole segment", unit.Count(w.Base))
			reads = strings.Replace(reads, "requests were faster", "viewers began sooner", 1)
		}
	}
	if !drawable(of) {
		return figure{}, false
	}
	f := figure{
		ID: id + "-latency", Title: "Latency distribution", Unit: "latency, " + load,
		XAxis: summary.InTerms(w, "share of requests that were faster (logarithmic towards 100%)"),
		Reads: reads + " Each point is the median over the rounds, as the table's figures are; the band " +
			"reaches from the fastest round to the slowest.",
	}
	f.Plot = plot{X: plotAxis{Kind: "percentile", Log: true}, Y: plotAxis{Kind: "time"}}
	most := 0.0
	for _, d := range of {
		most = max(most, d.requests())
		f.Notes = append(f.Notes, d.broken...)
		if len(d.rounds) > 0 {
			line, marks := d.series()
			f.Plot.Series = append(f.Plot.Series, line, marks)
			f.Modes = append(f.Modes, d.mode)
		}
	}
	for x := 1.0; x <= most; x *= 10 {
		f.Plot.X.Ticks = append(f.Plot.X.Ticks, plotNumber(x))
		if x == 1 {
			f.Plot.X.Ticks = append(f.Plot.X.Ticks, 2)
		}
	}
	f.Plot.Y.Log = wantsLog(f.Plot.Series)
	t := latencyTable(r, w, of, load)
	f.Table = &t
	if at.Load == results.Common {
		own := latencyTable(r, w, distributions(r, w, results.RungKey{Load: results.Own}),
			"at the same share of its own capacity")
		for _, row := range own.Rows {
			row.Name += ", own share"
			f.Table.Rows = append(f.Table.Rows, row)
		}
	}
	f.Label = "Latency by percentile, " + load + "."
	for _, row := range f.Table.Rows {
		said := make([]string, len(row.Cells))
		for i, c := range row.Cells {
			said[i] = f.Table.Head[i+1] + " " + c.Value
		}
		f.Label += fmt.Sprintf(" %s: %s.", row.Name, strings.Join(said, ", "))
	}
	return f, true
}

// commonRate is ": 1,200 requests per second", where the record has the rate.
func commonRate(r *results.Record, w results.Workload) string {
	for _, rates := range r.Rates {
		if rates.Workload == w.Name && rates.CommonRPS > 0 {
			return " of " + unit.Rate(rates.CommonRPS) + " requests per second"
		}
	}
	return ""
}

// series is the curve with its band, and the marks on it at 50%, 90%, 99% and so on. x is 1/(1−q):
// 1 for all that was measured, 10 for 90%, and no more than the number of requests of a round, for
// beyond that nothing is known.
func (d distribution) series() (line, marks plotLine) {
	line = plotLine{Mode: d.mode, Line: true, Band: len(d.rounds) > 1}
	marks = plotLine{Mode: d.mode, Marks: true}
	for k := 0; ; k++ {
		x := math.Pow(10, float64(k)/perDecade)
		if x > d.requests() {
			break
		}
		value, low, high := d.at(x)
		line.Span, line.Y = []plotNumber{1, plotNumber(x)}, append(line.Y, plotNumber(value))
		if line.Band {
			line.Low, line.High = append(line.Low, plotNumber(low)), append(line.High, plotNumber(high))
		}
		if k > 0 && k%perDecade == 0 {
			marks.X, marks.Y = append(marks.X, plotNumber(x)), append(marks.Y, plotNumber(value))
		}
	}
	return line, marks
}

// requests are those of a round: the median of them.
func (d distribution) requests() float64 {
	var counts []float64
	for _, h := range d.rounds {
		counts = append(counts, float64(h.TotalCount()))
	}
	return stat.Median(counts).Value
}

// at is the latency in microseconds which all but one of x requests were faster than, in the median
// of the rounds, and that of the fastest and the slowest one. Of all rounds together one bad one
// would be the tail, and the plot another truth than the table.
func (d distribution) at(x float64) (value, low, high float64) {
	var values []float64
	for _, h := range d.rounds {
		values = append(values, float64(h.ValueAtPercentile(100-100/x))/1e3)
	}
	return stat.Median(values).Value, slices.Min(values), slices.Max(values)
}

// sum adds up the requests of all rounds, and finds the longest of them.
func (d distribution) sum() (requests int64, longest float64) {
	for _, h := range d.rounds {
		requests, longest = requests+h.TotalCount(), max(longest, float64(h.Max())/1e3)
	}
	return requests, longest
}

var latencyRows = []struct {
	name string
	x    float64
}{{"p50", 2}, {"p90", 10}, {"p99", 100}, {"p99.9", 1000}, {"p99.99", 10000}}

// latencyTable has a row for each mode: a percentile that would be of less than one request of a
// round is left open.
func latencyTable(r *results.Record, w results.Workload, of []distribution, load string) dataTable {
	t := dataTable{Caption: fmt.Sprintf("Latency of %s %s: the median over the rounds, with the fastest and "+
		"the slowest; max and requests are of all of them", w.Name, load), Head: []string{"Mode"}}
	for _, p := range latencyRows {
		t.Head = append(t.Head, p.name)
	}
	t.Head = append(t.Head, "max", "requests")
	for _, d := range of {
		if len(d.rounds) == 0 {
			continue
		}
		row := dataRow{Name: r.Settings.Modes[d.mode].Name}
		for _, p := range latencyRows {
			c := dataCell{Value: unit.Missing}
			if p.x <= d.requests() {
				value, low, high := d.at(p.x)
				c.Value, c.Interval = unit.Micros(value), rangeOf(low, high, unit.Micros)
			}
			row.Cells = append(row.Cells, c)
		}
		requests, longest := d.sum()
		row.Cells = append(row.Cells, plainCells(unit.Micros(longest), unit.Count(requests))...)
		t.Rows = append(t.Rows, row)
	}
	return t
}
