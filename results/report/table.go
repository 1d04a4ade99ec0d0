package report

import (
	"fmt"
	"io"
	"slices"

	"nodecompare/results"
	"nodecompare/results/report/summary"
)

// writeTable writes the answer, or with details, and for one mode against itself, everything.
func writeTable(out io.Writer, r *results.Record, o Options) error {
	if o.Details || r.Settings.Null {
		return writeDetails(out, r, o)
	}
	return writeAnswer(out, r, o)
}

// writeDetails writes, for each workload, the article's table with its measurements and
// conclusions.
func writeDetails(out io.Writer, r *results.Record, o Options) error {
	p := newPage(out, o)
	p.paragraph(summary.Heading(r))
	for i, w := range r.Settings.Workloads {
		if i < len(r.Verdicts) {
			p.workload(r.On(w.Name), w, r.Verdicts[i])
		}
	}
	p.article(r)
	p.cores(r)
	for _, s := range summary.Remarks(r) {
		p.line("")
		p.note(s)
	}
	return p.err
}

func (p *page) workload(r *results.Record, w results.Workload, v results.Verdict) {
	p.line("")
	p.note(fmt.Sprintf("%s: %s %s, %s", w.Name, w.Method, w.Target, w.Summary))
	switch {
	case r.Settings.Null:
		p.null(r, w, v)
		return
	case p.width < leastTable:
		p.list(summary.Grid(r, w, v, false), r.Settings.Modes)
	default:
		p.boxes(r.Settings.Modes, func(full bool) []summary.Section { return summary.Grid(r, w, v, full) })
	}
	if w.Note != "" {
		p.paragraph(w.Note)
	}
	for _, s := range slices.Concat(summary.Sentences(w, v), summary.Doubts(r, w)) {
		p.note(s)
	}
}

// article writes the article's table, unless it would be empty.
func (p *page) article(r *results.Record) {
	a, ok := results.CheckArticle(r)
	if !ok || len(a.Workloads) < 2 { // a single workload's own table says it all
		return
	}
	p.line("")
	p.note(summary.ArticleTitle + ": what it says of Node.js and a traditional backend, and what was measured")
	grid := func(full bool) []summary.Section { return summary.ArticleGrid(r, a, full) }
	if p.width < leastTable {
		p.list(grid(true), r.Settings.Modes)
	} else {
		p.boxes(r.Settings.Modes, grid)
	}
	for _, s := range summary.ArticleSentences(a) {
		p.note(s)
	}
}

// null writes a workload's table for one mode against itself.
func (p *page) null(r *results.Record, w results.Workload, v results.Verdict) {
	rows := summary.NullRows(v)
	switch {
	case len(rows) == 0:
	case tableWidth(summary.NullHead, rows) > p.width:
		for _, row := range rows {
			p.item("  ", fmt.Sprintf("%s, %s: noise %s, detectable from %s", row[0], row[1], row[2], row[3]))
		}
	default:
		p.nullTable(rows)
	}
	for _, s := range slices.Concat(summary.NullNotes(r, v), summary.Doubts(r, w)) {
		p.note(s)
	}
}

func (p *page) nullTable(rows [][]string) {
	head := slices.Clone(summary.NullHead)
	for i, h := range head {
		head[i] = p.paint(strong, h)
	}
	p.box(box{head: head, rows: rows, right: []int{2, 3}})
}
