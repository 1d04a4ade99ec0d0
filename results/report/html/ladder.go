package html

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/report/summary"
	"nodecompare/results/unit"
)

// ladderPlot is a figure of a trial that is drawn against the connections of its closed rungs.
type ladderPlot struct {
	results.Figure
	id, title, axis, reads string
}

var ladderPlots = []ladderPlot{
	{
		results.Throughput, "throughput", "Throughput", "requests per second",
		"Higher is better. A line that bends down has passed the point where further connections help.",
	},
	{
		results.P99, "p99", "Slowest hundredth of requests", "p99 latency",
		"Lower is better: 99 of 100 requests were faster than this. In these runs each connection waits for " +
			"its answer before it asks again, so more connections mean a longer queue.",
	},
	{
		results.CPUPerRequest, "cpu", "CPU per request", "CPU time of the server per request",
		"Lower is better: it is what a full machine's throughput follows from, " +
			"and the steadiest figure on a noisy one.",
	},
	{
		results.Threads, "threads", "Threads", "threads of the operating system",
		"A line that climbs with the connections is a thread for each; a flat one is a pool or an event loop.",
	},
	{
		results.Switches, "switches", "Context switches", "voluntary context switches per request",
		"Each is a thread that went to sleep to wait. About one or more for each request is what blocking " +
			"calls give; far less is a loop that finds further work whenever it looks.",
	},
	{
		results.Memory, "memory", "Memory", "resident memory",
		"Lower is better. The slope is what a further connection costs.",
	},
}

// viewerPlots are those of a workload that plays, whose segments of a MB are its requests.
var viewerPlots = []ladderPlot{
	{
		results.Smooth, "smooth", "Viewers without a stall", "share of the viewers",
		"Higher is better. A stall is a segment that was not there when all before it had been shown.",
	},
	{
		results.P99, "p99", "Time to start up", "p99, from coming to the first whole segment",
		"Lower is better: 99 of 100 viewers began to watch sooner than this.",
	},
	{
		results.Throughput, "throughput", "Throughput", "MB per second",
		"Viewers ask for what they show, so that the line rises with them as long as the server keeps up.",
	},
	{
		results.CPUPerRequest, "cpu", "CPU per MB", "CPU time of the server per MB",
		"Lower is better: it says how many viewers a full machine would bear.",
	},
	named("threads"), named("memory"),
}

// named returns the plot of all workloads with that name.
func named(id string) ladderPlot {
	return ladderPlots[slices.IndexFunc(ladderPlots, func(p ladderPlot) bool { return p.id == id })]
}

// plotsOf returns the plots of a workload.
func plotsOf(w results.Workload) []ladderPlot {
	if w.Plays {
		return viewerPlots
	}
	return ladderPlots
}

// axisKinds are the kinds of an axis, by a figure's unit.
var axisKinds = map[string]string{"requests/s": "rate", "us": "time", "threads": "count",
	"switches/request": "ratio", "bytes": "bytes", "%": "percent"}

// absent is why a plot may be missing.
func (p ladderPlot) absent() string {
	if p.OfServer {
		return "this system does not show it of another process"
	}
	return "no run had an answer"
}

func (p ladderPlot) draw(r *results.Record, w results.Workload, id string) figure {
	head := "Connections"
	if w.Plays {
		head = "Viewers"
	}
	f := figure{
		ID: id + "-" + p.id, Title: p.title, Unit: p.axis, XAxis: summary.InTerms(w, "connections (logarithmic)"), Reads: p.reads,
		Table: &dataTable{Caption: fmt.Sprintf("%s of %s: %s, median of the rounds and its interval",
			p.title, w.Name, p.axis), Head: append([]string{head}, modeNames(r)...)},
	}
	if w.Plays {
		f.Short = p.title
	}
	f.Plot = plot{X: plotAxis{Kind: "connections", Log: true}, Y: plotAxis{Kind: axisKinds[p.Unit]}}
	write := unit.Writer(p.Unit)
	lines := make([]plotLine, len(r.Settings.Modes))
	said := make([][]string, len(r.Settings.Modes))
	for _, step := range w.Ladder {
		row := dataRow{Name: unit.Count(step.Connections)}
		f.Plot.X.Ticks = append(f.Plot.X.Ticks, plotNumber(step.Connections))
		for i, m := range r.Settings.Modes {
			e, ok := r.Estimate(w.Name, m.Name, results.ClosedAt(step.Connections), p.Figure)
			row.Cells = append(row.Cells, estimateCell(e, write))
			if !ok {
				continue
			}
			s := &lines[i]
			s.X, s.Y = append(s.X, plotNumber(step.Connections)), append(s.Y, plotNumber(e.Value))
			s.Low, s.High = append(s.Low, plotNumber(e.Low)), append(s.High, plotNumber(e.High))
			said[i] = append(said[i], write(e.Value)+" at "+row.Name)
		}
		f.Table.Rows = append(f.Table.Rows, row)
	}
	f.Label = summary.InTerms(w, p.title+" against connections.")
	for i, s := range lines {
		if len(s.X) == 0 {
			continue
		}
		s.Mode, s.Line, s.Marks = i, true, true
		f.Plot.Series = append(f.Plot.Series, s)
		f.Modes = append(f.Modes, i)
		f.Label += fmt.Sprintf(" %s: %s.", r.Settings.Modes[i].Name, strings.Join(said[i], ", "))
	}
	return f
}

const (
	curvePoints = 32
	beyondMost  = 4 // times the ladder's top, beyond which no curve is drawn however far away its peak may be
)

// addLaw draws the Universal Scalability Law that was fitted to each mode: along the ladder, and
// dashed beyond it up to the peak it foretells. Where there is a curve the points are not joined,
// so that both can be seen.
func (f *figure) addLaw(r *results.Record, w results.Workload, v results.Verdict) {
	drawn := false
	law := lawTable(r, w)
	for _, finding := range v.Findings {
		for _, s := range finding.Scaling {
			i := modeIndex(r, s.Mode)
			if i < 0 {
				continue
			}
			law.addScaling(s)
			if s.USL == nil || len(w.Ladder) == 0 {
				continue
			}
			for j := range f.Plot.Series {
				if f.Plot.Series[j].Mode == i {
					f.Plot.Series[j].Line = false
				}
			}
			bottom, top := float64(w.Ladder[0].Connections), float64(w.Top())
			drawn = true
			f.Plot.Series = append(f.Plot.Series, lawCurve(i, *s.USL, bottom, top, false))
			if s.USL.Beyond {
				f.Plot.Series = append(f.Plot.Series,
					lawCurve(i, *s.USL, top, top*min(beyondMost, max(1.5, 1.25*s.USL.Peak/top)), true))
			}
		}
	}
	if len(law.Head) > 1 {
		f.Law = &law
	}
	if drawn {
		f.Reads += " The curves are the scalability law fitted to the points, dashed where they go beyond " +
			"what was measured."
	}
}

// lawCurve is the law from one number of connections to another, at even steps of their logarithm.
func lawCurve(mode int, law results.USL, from, to float64, dashed bool) plotLine {
	s := plotLine{Mode: mode, Line: true, Curve: true, Dashed: dashed,
		Span: []plotNumber{plotNumber(from), plotNumber(to)}}
	for k := range curvePoints {
		s.Y = append(s.Y, plotNumber(law.At(from*math.Pow(to/from, float64(k)/(curvePoints-1)))))
	}
	return s
}

// lawTable has a column for each mode: its law, its knee and the connections that it held.
func lawTable(r *results.Record, w results.Workload) dataTable {
	t := dataTable{
		Caption: "The law fitted to the throughput of " + w.Name +
			", and the most connections with p99 latency within " + unit.Micros(r.Settings.SLOUS),
		Head: []string{"Figure"},
	}
	for _, name := range []string{"λ, requests/s of one", "σ, contention", "κ, coherency", "R² of the fit",
		"Peak, connections", "Knee, connections", "Held, connections"} {
		t.Rows = append(t.Rows, dataRow{Name: name})
	}
	return t
}

// addScaling adds a mode's column to a lawTable.
func (t *dataTable) addScaling(s results.Scaling) {
	column := plainCells(unit.Missing, unit.Missing, unit.Missing, unit.Missing, unit.Missing, unit.Missing,
		unit.Missing)
	if u := s.USL; u != nil {
		column[0], column[1], column[2] = estimateCell(u.Lambda, unit.Rate),
			estimateCell(u.Sigma, unit.Small), estimateCell(u.Kappa, unit.Small)
		column[3].Value, column[4].Value = unit.Digits(u.R2), "none"
		if u.Peak > 0 {
			column[4].Value = unit.Count(u.Peak)
		}
		if u.Beyond {
			column[4].Interval = "extrapolated"
		}
	}
	if s.Knee > 0 {
		column[5].Value = unit.Count(s.Knee)
	}
	if s.Most > 0 {
		column[6].Value = unit.Count(s.Held)
		if s.Held >= s.Most {
			column[6].Interval = "or more"
		}
	}
	t.Head = append(t.Head, s.Mode)
	for i, c := range column {
		t.Rows[i].Cells = append(t.Rows[i].Cells, c)
	}
}
