package summary

import (
	"fmt"
	"strings"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// CoreHead names the columns of CoreRow.
var CoreHead = []string{"Mode", "CPUs", "Requests/s", "CPU/request", "Speed-up", "Efficiency"}

// CoreRow is a mode on so many CPUs, in words.
type CoreRow struct {
	Mode  string
	Cells [5]string // as CoreHead has them, without the mode
}

// CoreTable is what more CPUs did on a workload.
type CoreTable struct {
	Workload  string
	Title     string
	Rows      []CoreRow
	Sentences []string
}

// CoreTables are those of a record, one for each workload that was measured in steps.
func CoreTables(r *results.Record) []CoreTable {
	if r.Cores == nil {
		return nil
	}
	var all []CoreTable
	for _, w := range r.Settings.Workloads {
		if !r.Cores.Measured(w.Name) {
			continue
		}
		t := CoreTable{Workload: w.Name, Title: fmt.Sprintf(
			"More CPUs: %s on %s, by the CPUs of the server", w.Name, unit.Counted(w.Base, "connection"))}
		var compared []string
		for _, m := range r.On(w.Name).Settings.Modes {
			points := r.Cores.Points(r, w, m.Name)
			for _, p := range points {
				t.Rows = append(t.Rows, CoreRow{m.Name, coreCells(p)})
			}
			if n := len(points); n > 1 && points[n-1].SpeedUp.N > 0 {
				compared = append(compared, coreGain(m.Name, points[0].Cores, points[n-1]))
			}
		}
		if len(t.Rows) == 0 {
			continue
		}
		if compared != nil {
			t.Sentences = append(t.Sentences, strings.Join(compared, " "))
		}
		t.Sentences = append(t.Sentences, coreLaws(r, w)...)
		all = append(all, t)
	}
	return all
}

func coreCells(p results.CorePoint) [5]string {
	mark := ""
	if p.Doubted {
		mark = Mark
	}
	rate := unit.Rate(p.Throughput.Value) + mark
	cells := [5]string{unit.Count(p.Cores), rate, unit.Missing, unit.Missing, unit.Missing}
	if p.CPU.N > 0 {
		cells[2] = unit.Micros(p.CPU.Value)
	}
	if p.SpeedUp.N > 0 {
		cells[3] = unit.Times(p.SpeedUp.Value) + between(p.SpeedUp, unit.Digits)
		cells[4] = efficiency(p)
	}
	return cells
}

// coreGain says what a mode made of the most CPUs.
func coreGain(mode string, fewest int, p results.CorePoint) string {
	return fmt.Sprintf("With %s in place of %d, %s answered %s times as many requests%s: "+
		"%s of what %s times the CPUs give at best.",
		unit.Counted(p.Cores, "CPU"), fewest, mode, unit.Digits(p.SpeedUp.Value), between(p.SpeedUp, unit.Digits),
		efficiency(p), unit.Digits(float64(p.Cores)/float64(fewest)))
}

// coreLaws say the scalability law of each mode, where there are steps enough.
func coreLaws(r *results.Record, w results.Workload) []string {
	var all []string
	for _, m := range r.On(w.Name).Settings.Modes {
		if u := r.Cores.Law(w, m.Name); u != nil {
			all = append(all, fmt.Sprintf("%s, scalability law over the CPUs: contention σ %s (what only one CPU "+
				"can do at a time), coherency κ %s (what each CPU costs every other); R² %s.",
				m.Name, unit.Small(u.Sigma.Value), unit.Small(u.Kappa.Value), unit.Digits(u.R2)))
		}
	}
	return all
}

// CoreNote says how the steps were made, and what of them is left out; "" where there were none.
func CoreNote(r *results.Record) string {
	if r.Cores == nil {
		return ""
	}
	note := "More CPUs: servers of their own, on the first CPUs of theirs, with the load of the base rung. " +
		"Speed-up: requests a second over those on the fewest CPUs, round by round. " +
		"Efficiency: its share of what so many more CPUs give at best."
	if r.Cores.Loops == "auto" {
		note += " Async has an event loop for each CPU, Node.js a process of its cluster."
	} else {
		note += fmt.Sprintf(" Async has %s, Node.js as many processes.", r.Cores.Loops+" event loops")
	}
	var out []string
	for _, w := range r.Settings.Workloads {
		if !r.Cores.Measured(w.Name) {
			out = append(out, w.Name)
		}
	}
	if out != nil && !r.Partial {
		note += fmt.Sprintf(" Left out: %s, whose requests wait: throughput is then that of the connections.",
			strings.Join(out, ", "))
	}
	return note
}

// between is an interval in brackets; "" of one round, and where both ends read the same.
func between(e stat.Estimate, write func(float64) string) string {
	low, high := write(e.Low), write(e.High)
	if e.N < 2 || low == high {
		return ""
	}
	return fmt.Sprintf(" (%s–%s)", low, high)
}

func efficiency(p results.CorePoint) string { return unit.Rounded(100*p.Efficiency.Value, 2) + "%" }
