package report

import (
	"fmt"
	"nodecompare/results"
	"nodecompare/results/report/summary"
	"slices"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"
)

// null writes that table for a workload.
func (p *page) null(r *results.Record, w results.Workload, v results.Verdict) {
	rows := summary.NullRows(v)
	switch {
	case len(rows) == 0:
	case nullWidth(rows) > p.width:
		for _, row := range rows {
			p.item("  ", fmt.Sprintf("%s, %s: noise %s, found from %s", row[0], row[1], row[2], row[3]))
		}
	default:
		p.nullTable(rows)
	}
	for _, s := range slices.Concat(summary.NullNotes(r, v), summary.Doubts(r, w)) {
		p.note(s)
	}
}

// nullWidth is how wide the table is: each column has a space at either side, and there is a border more than there are columns.
func nullWidth(rows [][]string) int {
	width := 1
	for i, h := range summary.NullHead {
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
	head := slices.Clone(summary.NullHead)
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
