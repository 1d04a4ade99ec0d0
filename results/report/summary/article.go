package summary

import (
	"fmt"
	"slices"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// ArticleTitle heads the findings of a bench of several workloads on the article's table.
const ArticleTitle = "The article, beside what this bench found"

// glances are the single figures beside a row's words.
var glances = map[string]struct {
	at results.Place
	reading
}{
	results.RowPerformance: {results.Base,
		reading{Figure: results.CPUPerRequest, write: func(e stat.Estimate) string {
			return unit.Micros(e.Value) + " CPU"
		}}},
	results.RowScalability: {results.Top,
		reading{name: "p99 ", Figure: results.P99,
			write: func(e stat.Estimate) string { return unit.Micros(e.Value) }}},
}

// ArticleGrid returns the words of all workloads below each other, each with a figure if full is
// set.
func ArticleGrid(r *results.Record, a results.Article, full bool) []Section {
	seen := Section{Name: results.RowExecution}
	var on []string // number of workloads with each finding
	for _, s := range a.Modes {
		seen.Words = append(seen.Words, s.Word)
		on = append(on, fmt.Sprintf("%d of %d", len(s.NonBlocking)+len(s.Blocking), len(a.Workloads)))
	}
	seen.Groups = []Group{{Label: "workloads", Lines: [][]string{on}}}
	sections := []Section{seen}
	for _, c := range a.Claims {
		made := Section{Name: c.Row, Words: make([]string, len(a.Modes))}
		for i, w := range r.Settings.Workloads {
			if i < len(r.Verdicts) && slices.Contains(a.Workloads, w.Name) {
				s := sheet{r: r, w: w, v: r.Verdicts[i]}
				made.Groups = append(made.Groups, s.glance(c.Row, full))
			}
		}
		sections = append(sections, made)
	}
	return sections
}

// glance returns a workload's line in a row.
func (s sheet) glance(row string, full bool) Group {
	g := Group{Label: s.w.Name, words: make([]string, len(s.r.Settings.Modes))}
	for _, f := range s.v.Findings {
		if f.Row == row {
			g.words = s.each(f.Of)
		}
	}
	cells := slices.Clone(g.words)
	if full {
		for i, figure := range s.line(glances[row].at(s.w), glances[row].reading) {
			if cells[i] != "" && figure != unit.Missing {
				cells[i] += WordEnd + figure
			}
		}
	}
	for i := range cells {
		if cells[i] == "" {
			cells[i] = unit.Missing // it took no part
		}
	}
	g.Lines = [][]string{cells}
	return g
}
