package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"nodecompare/results/gate"
	"nodecompare/results/report/summary"
)

// mostAtFirst is the number of changes, or of reasons, that stand above the fold: a job's summary
// shows the outcome in at most 15 lines.
const mostAtFirst = 6

// writeGateMarkdown writes GitHub's Markdown: the outcome and what is not well, and in a folded
// section one table of all changes with the notes.
func writeGateMarkdown(out io.Writer, g gate.Result) error {
	p := &page{out: out}
	word, sentence := gateClosing(g)
	sentence = strings.Replace(sentence, "the reasons are above", "the reasons are below", 1)
	p.line("## nodecompare: " + strings.ToLower(word))
	p.line("")
	p.line("**" + word + ":** " + escaped(sentence))
	p.line("")
	var doubtful []gate.Change
	for _, c := range g.Changes {
		if c.Outcome != gate.Pass && c.Outcome != gate.Shown {
			doubtful = append(doubtful, c)
		}
	}
	if shown := min(len(doubtful), mostAtFirst); shown > 0 {
		p.changesMarkdown(doubtful[:shown])
		p.moreMarkdown(len(doubtful) - shown)
	} else if len(g.Reasons) > 0 {
		shown := min(len(g.Reasons), mostAtFirst)
		for _, s := range g.Reasons[:shown] {
			p.line("- " + headed(s))
		}
		p.moreMarkdown(len(g.Reasons) - shown)
	}
	p.line("<details><summary>Every figure, and how to read it</summary>")
	p.line("")
	p.line(escaped(gateHeading(g)))
	p.line("")
	if len(g.Changes) > 0 {
		p.changesMarkdown(g.Changes)
		p.line("")
	}
	for _, s := range gateNotes(g) {
		p.line("- " + headed(s))
	}
	p.line("")
	p.line("</details>")
	return p.err
}

func (p *page) changesMarkdown(changes []gate.Change) {
	p.line("| Workload | Mode | Load | " + strings.Join(gateHead, " | ") + " |")
	p.line("| --- | --- | --- | --- | ---: | ---: | --- | --- |")
	for _, c := range changes {
		row := slices.Concat([]string{c.Workload, c.Mode, summary.LoadName(c.At)}, gateRow(c))
		for i, text := range row {
			row[i] = escaped(text)
		}
		if c.Outcome == gate.Regressed || c.Outcome == gate.Invalid {
			row[len(row)-1] = "**" + row[len(row)-1] + "**"
		}
		p.line("| " + strings.Join(row, " | ") + " |")
	}
}

// moreMarkdown counts what stands below the fold only, and ends a table.
func (p *page) moreMarkdown(n int) {
	p.line("")
	if n > 0 {
		p.line(fmt.Sprintf("%d more below.", n))
		p.line("")
	}
}
