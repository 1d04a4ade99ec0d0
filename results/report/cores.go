package report

import (
	"fmt"

	"nodecompare/results"
	"nodecompare/results/report/summary"
	"nodecompare/results/unit"
)

// cores writes what more CPUs did, if that was asked for.
func (p *page) cores(r *results.Record) {
	tables := summary.CoreTables(r)
	for _, t := range tables {
		p.line("")
		for _, l := range wrap(t.Title, p.width, "  ") {
			p.line(p.paint(strong, l))
		}
		rows := coreTexts(t)
		if tableWidth(summary.CoreHead, rows) > p.width {
			p.coreList(t)
		} else {
			head := make([]string, len(summary.CoreHead))
			for i, h := range summary.CoreHead {
				head[i] = p.paint(strong, h)
			}
			p.box(box{head: head, rows: rows, right: []int{1, 2, 3, 4, 5}})
		}
		for _, s := range t.Sentences {
			p.paragraph(s)
		}
	}
	if tables != nil {
		p.note(summary.CoreNote(r))
		p.line("")
	}
}

// coreTexts are the table's cells; a mode's name stands in its first row.
func coreTexts(t summary.CoreTable) [][]string {
	var rows [][]string
	for i, row := range t.Rows {
		name := row.Mode
		if i > 0 && t.Rows[i-1].Mode == name {
			name = ""
		}
		rows = append(rows, append([]string{name}, row.Cells[:]...))
	}
	return rows
}

// coreList says the same line by line, where a table would be too wide.
func (p *page) coreList(t summary.CoreTable) {
	for _, row := range t.Rows {
		c := row.Cells
		text := fmt.Sprintf("%s, CPUs %s: %s requests/s, %s of CPU a request", row.Mode, c[0], c[1], c[2])
		if c[3] != unit.Missing {
			text += fmt.Sprintf("; %s, efficiency %s", c[3], c[4])
		}
		p.item("  ", text)
	}
}

// tableWidth is how wide a table is: each column has a space at either side, and there is a border
// more than there are columns.
func tableWidth(head []string, rows [][]string) int {
	width := 1
	for i, h := range head {
		column := columnsOf(h)
		for _, row := range rows {
			column = max(column, columnsOf(row[i]))
		}
		width += column + 3
	}
	return width
}
