package html

import (
	"fmt"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// htmlFigure is a plot with its words and its table.
type figure struct {
	ID    string
	Title string
	Unit  string // of the vertical axis
	XAxis string
	Reads string // what to look for
	Label string // for those who do not see it
	Notes []string
	Table dataTable
	Law   dataTable // of Throughput: what was fitted; no rows elsewhere
	Plot  plot
	Modes []int // that are drawn
}

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
		"Lower is better: 99 of 100 requests were faster than this. In these runs each connection waits for its answer before it asks again, so more connections mean a longer queue.",
	},
	{
		results.CPUPerRequest, "cpu", "CPU per request", "CPU time of the server per request",
		"Lower is better: it is what a full machine's throughput follows from, and the steadiest figure on a noisy one.",
	},
	{
		results.Threads, "threads", "Threads", "threads of the operating system",
		"A line that climbs with the connections is a thread for each; a flat one is a pool or an event loop.",
	},
	{
		results.Switches, "switches", "Context switches", "voluntary context switches per request",
		"Each is a thread that went to sleep to wait. About one or more for each request is what blocking calls give; far less is a loop that finds further work whenever it looks.",
	},
	{
		results.Memory, "memory", "Memory", "resident memory",
		"Lower is better. The slope is what a further connection costs.",
	},
}

// axisKinds are the kinds of an axis, by a figure's unit.
var axisKinds = map[string]string{"requests/s": "rate", "us": "time", "threads": "count", "switches/request": "ratio", "bytes": "bytes"}

// absent is why a plot may be missing.
func (p ladderPlot) absent() string {
	if p.OfServer {
		return "this system does not show it of another process"
	}
	return "no run had an answer"
}

// htmlFigures are a workload's plots, and the names of those for which nothing was measured.
func workloadFigures(r *results.Record, w results.Workload, v results.Verdict, id string) (drawn []figure, absent []string) {
	if f, ok := latencyFigure(r, w, id); ok {
		drawn = append(drawn, f)
	} else {
		absent = append(absent, "Latency distribution: no run has a histogram that can be read.")
	}
	for _, p := range ladderPlots {
		f := p.draw(r, w, id)
		if len(f.Plot.Series) == 0 {
			absent = append(absent, p.title+": "+p.absent()+".")
			continue
		}
		if p.id == "throughput" {
			f.addLaw(r, w, v)
		}
		f.Plot.Y.Log = wantsLog(f.Plot.Series)
		drawn = append(drawn, f)
	}
	if f, ok := overloadFigure(r, w, id); ok {
		drawn = append(drawn, f)
	}
	return drawn, absent
}

func (p ladderPlot) draw(r *results.Record, w results.Workload, id string) figure {
	f := figure{
		ID: id + "-" + p.id, Title: p.title, Unit: p.axis, XAxis: "connections (logarithmic)", Reads: p.reads,
		Table: dataTable{Caption: fmt.Sprintf("%s of %s: %s, median of the rounds and its interval", p.title, w.Name, p.axis), Head: append([]string{"Connections"}, modeNames(r)...)},
	}
	f.Plot = plot{ID: f.ID, X: plotAxis{Kind: "connections", Log: true}, Y: plotAxis{Kind: axisKinds[p.Unit]}}
	write := unit.Writer(p.Unit)
	lines := make([]plotLine, len(r.Settings.Modes))
	said := make([][]string, len(r.Settings.Modes))
	for _, step := range w.Ladder {
		row := dataRow{Name: unit.Count(step.Connections)}
		f.Plot.X.Ticks = append(f.Plot.X.Ticks, plotNumber(step.Connections))
		for i, m := range r.Settings.Modes {
			e, ok := r.Estimate(w.Name, m.Name, results.Conns(step.Connections), p.Figure)
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
	f.Label = p.title + " against connections."
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
