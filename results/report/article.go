package report

import (
	"fmt"
	"slices"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// articleTitle heads what a bench of several workloads says of the article's table.
const articleTitle = "The article, held against this bench"

// glances are the one figure that stands beside a row's word.
var glances = map[string]struct {
	at results.Place
	reading
}{
	results.RowPerformance: {results.Base, reading{Figure: results.CPUPerRequest, write: func(e stat.Estimate) string { return unit.Micros(e.Value) + " CPU" }}},
	results.RowScalability: {results.Top, reading{name: "p99 ", Figure: results.P99, write: func(e stat.Estimate) string { return unit.Micros(e.Value) }}},
}

// articleGrid has the words of all workloads below each other, and beside each of them a figure when full is set.
func articleGrid(r *results.Record, a results.Article, full bool) []section {
	seen := section{name: results.RowExecution}
	var on []string // how many workloads it was seen, as one or the other
	for _, s := range a.Modes {
		seen.words = append(seen.words, s.Word)
		on = append(on, fmt.Sprintf("%d of %d", len(s.NonBlocking)+len(s.Blocking), len(a.Workloads)))
	}
	seen.groups = []group{{label: "workloads", lines: [][]string{on}}}
	sections := []section{seen}
	for _, c := range a.Claims {
		made := section{name: c.Row, words: make([]string, len(a.Modes))}
		for i, w := range r.Settings.Workloads {
			if i < len(r.Verdicts) && slices.Contains(a.Workloads, w.Name) {
				s := sheet{r: r, w: w, v: r.Verdicts[i]}
				made.groups = append(made.groups, s.glance(c.Row, full))
			}
		}
		sections = append(sections, made)
	}
	return sections
}

// glance is a workload's line in a row.
func (s sheet) glance(row string, full bool) group {
	g := group{label: s.w.Name, words: make([]string, len(s.r.Settings.Modes))}
	for _, f := range s.v.Findings {
		if f.Row == row {
			g.words = s.each(f.Of)
		}
	}
	cells := slices.Clone(g.words)
	if full {
		for i, figure := range s.line(glances[row].at(s.w), glances[row].reading) {
			if cells[i] != "" && figure != unit.Missing {
				cells[i] += wordEnd + figure
			}
		}
	}
	for i := range cells {
		if cells[i] == "" {
			cells[i] = unit.Missing // it took no part
		}
	}
	g.lines = [][]string{cells}
	return g
}
