package html

import (
	"fmt"
	"strings"

	"nodecompare/results"
	"nodecompare/results/report/summary"
	"nodecompare/results/unit"
)

// coresPart is the section of what more CPUs did.
type coresPart struct {
	Note   string
	Tables []coresTable
}

// coresTable is a workload's, with its plot.
type coresTable struct {
	figure
	Sentences []string
}

// coresSection has a plot and a table for each workload; nil where no steps were measured.
func coresSection(r *results.Record) *coresPart {
	part := &coresPart{Note: summary.CoreNote(r)}
	for i, t := range summary.CoreTables(r) {
		c := coresTable{figure: coresFigure(r, t.Workload, fmt.Sprintf("cores%d", i+1)), Sentences: t.Sentences}
		c.Title = t.Title
		c.Table = dataTable{Caption: t.Title, Head: summary.CoreHead}
		for _, row := range t.Rows {
			c.Table.Rows = append(c.Table.Rows, dataRow{Name: row.Mode, Cells: plainCells(row.Cells[:]...)})
		}
		part.Tables = append(part.Tables, c)
	}
	if part.Tables == nil {
		return nil
	}
	return part
}

// coresFigure draws the throughput against the CPUs.
func coresFigure(r *results.Record, workload, id string) figure {
	f := figure{ID: id, Unit: "requests per second", XAxis: "CPUs of the server",
		Reads: "Higher is better. A line that rises in proportion uses every CPU; " +
			"a flat one leaves further CPUs unused.",
		Label: "Requests per second of " + workload + " against the CPUs of the server."}
	f.Plot = plot{ID: id, X: plotAxis{Kind: "connections", Log: true}, Y: plotAxis{Kind: "rate"}}
	for _, step := range r.Cores.Steps {
		f.Plot.X.Ticks = append(f.Plot.X.Ticks, plotNumber(step.Cores))
	}
	for _, w := range r.Settings.Workloads {
		if w.Name != workload {
			continue
		}
		for i, m := range r.Settings.Modes {
			line := plotLine{Mode: i, Line: true, Marks: true}
			var said []string
			for _, p := range r.Cores.Points(r, w, m.Name) {
				e := p.Throughput
				line.X, line.Y = append(line.X, plotNumber(p.Cores)), append(line.Y, plotNumber(e.Value))
				line.Low, line.High = append(line.Low, plotNumber(e.Low)), append(line.High, plotNumber(e.High))
				said = append(said, fmt.Sprintf("%s on %d", unit.Rate(e.Value), p.Cores))
			}
			if len(line.X) > 0 {
				f.Plot.Series, f.Modes = append(f.Plot.Series, line), append(f.Modes, i)
				f.Label += fmt.Sprintf(" %s: %s.", m.Name, strings.Join(said, ", "))
			}
		}
	}
	return f
}
