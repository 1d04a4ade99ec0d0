package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// A bench of one mode against itself (--null) has another table: how much differs though nothing does, figure by figure.

var nullHead = []string{"Figure", "Load", "Noise", "Found from"}

// nullRows are the smallest differences that this machine can tell from noise.
func nullRows(v results.Verdict) [][]string {
	var rows [][]string
	for _, s := range v.Detectable {
		rows = append(rows, []string{s.Metric, loadName(s.At), "±" + unit.Difference(s.Ratio), unit.Difference(s.Ratio * (1 + s.Floor))})
	}
	return rows
}

// loadName names a rung.
func loadName(at results.At) string {
	if at.Load == results.Closed {
		return unit.Counted(at.Connections, "connection")
	}
	return at.Load
}

// nullNotes say what the table means, and whether the verdicts kept quiet as they should.
func nullNotes(r *results.Record, v results.Verdict) []string {
	var all []string
	if len(v.Detectable) == 0 {
		all = append(all, "NOTHING FOUND: intervals take six rounds of which something may be concluded, and there were fewer; give --rounds=6 or more.")
	} else {
		all = append(all, fmt.Sprintf("Noise: how far two columns of one mode come out apart by chance: half of the 95%% interval of their ratio over %s.", unit.Counted(v.Detectable[0].Rounds, "round")),
			"Found from: about the smallest difference between two modes that is called one here: beyond the noise, and not too small to matter.")
	}
	for _, f := range v.Findings {
		if f.Row == results.RowExecution {
			continue
		}
		alarm := slices.ContainsFunc(f.Words, func(w results.Word) bool {
			return w.Word != results.NoDifference && w.Word != results.CannotTell && w.Word != ""
		})
		if alarm {
			all = append(all, "FALSE ALARM: "+f.Row+" tells the columns apart, though all of them are one mode.")
		}
	}
	return all
}

// null writes that table for a workload.
func (p *page) null(r *results.Record, w results.Workload, v results.Verdict) {
	rows := nullRows(v)
	switch {
	case len(rows) == 0:
	case nullWidth(rows) > p.width:
		for _, row := range rows {
			p.item("  ", fmt.Sprintf("%s, %s: noise %s, found from %s", row[0], row[1], row[2], row[3]))
		}
	default:
		p.nullTable(rows)
	}
	for _, s := range slices.Concat(nullNotes(r, v), doubts(r, w)) {
		p.note(s)
	}
}

// nullWidth is how wide the table is: each column has a space at either side, and there is a border more than there are columns.
func nullWidth(rows [][]string) int {
	width := 1
	for i, h := range nullHead {
		column := columnsOf(h)
		for _, row := range rows {
			column = max(column, columnsOf(row[i]))
		}
		width += column + 3
	}
	return width
}

func (p *page) nullTable(rows [][]string) {
	if p.err != nil {
		return
	}
	head := slices.Clone(nullHead)
	for i, h := range head {
		head[i] = p.paint(strong, h)
	}
	t := tablewriter.NewTable(p.out,
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithRowAutoWrap(tw.WrapNone), tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: []tw.Align{tw.AlignLeft, tw.AlignLeft, tw.AlignRight, tw.AlignRight}}),
	)
	t.Header(head)
	if p.err = t.Bulk(rows); p.err == nil {
		p.err = t.Render()
	}
}

// nullMarkdown is the same for GitHub.
func (p *page) nullMarkdown(r *results.Record, w results.Workload, v results.Verdict) {
	if rows := nullRows(v); len(rows) > 0 {
		p.line("| " + strings.Join(nullHead, " | ") + " |")
		p.line("| --- | --- | ---: | ---: |")
		for _, row := range rows {
			for i, text := range row {
				row[i] = escaped(text)
			}
			p.line("| " + strings.Join(row, " | ") + " |")
		}
		p.line("")
	}
	for _, s := range slices.Concat(nullNotes(r, v), doubts(r, w)) {
		p.line("- " + headed(s))
	}
}
