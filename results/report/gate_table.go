package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"

	"nodecompare/results/gate"
)

// writeGateTable writes a table for each mode and workload, or a list where there is no room for one, and what follows.
func writeGateTable(out io.Writer, g gate.Result, o Options) error {
	p := newPage(out, o)
	p.paragraph(gateHeading(g))
	for _, changes := range gatePairs(g) {
		p.line("")
		p.note(pairLine(changes))
		if widths, fits := gateWidths(changes, p.width); fits && p.width >= leastTable {
			p.gateTable(changes, widths)
		} else {
			p.gateList(changes)
		}
	}
	p.line("")
	for _, s := range gateNotes(g) {
		p.note(s)
	}
	word, sentence := gateClosing(g)
	for i, l := range wrap(word+": "+sentence, p.width, "  ") {
		if i == 0 {
			l = p.paint(outcomeLooks[g.Outcome], word) + l[len(word):]
		}
		p.line(l)
	}
	return p.err
}

func (p *page) gateList(changes []gate.Change) {
	for _, c := range changes {
		row := gateRow(c)
		p.item("  ", fmt.Sprintf("%s: %s → %s, %s: %s", row[0], row[1], row[2], row[3], p.paint(outcomeLooks[c.Outcome], row[4])))
	}
}

// gateWidths are the columns of a table's cells. What would be too much for the page is taken from the interval, which goes on in
// the next line, and then from the name of the metric; it does not fit when not even its words would stand whole.
func gateWidths(changes []gate.Change, page int) (widths []int, fits bool) {
	widths = make([]int, len(gateHead))
	for i, text := range gateHead {
		widths[i] = columnsOf(text)
	}
	for _, c := range changes {
		for i, text := range gateRow(c) {
			widths[i] = max(widths[i], columnsOf(text))
		}
	}
	width := 1
	for _, w := range widths {
		width += w + 3 // a space at each side, and a border
	}
	for _, column := range []struct{ at, least int }{{3, len("(-0.2 to")}, {0, len("throughput")}} {
		if spared := min(width-page, widths[column.at]-column.least); spared > 0 {
			widths[column.at] -= spared
			width -= spared
		}
	}
	return widths, width <= page
}

func (p *page) gateTable(changes []gate.Change, widths []int) {
	if p.err != nil {
		return
	}
	rows := [][]string{slices.Clone(gateHead)}
	for _, c := range changes {
		rows = append(rows, gateRow(c))
	}
	for i, row := range rows {
		for j, text := range row {
			row[j] = strings.Join(wrap(text, widths[j], ""), "\n")
		}
		if i == 0 {
			for j, text := range row {
				row[j] = p.paint(strong, text)
			}
			continue
		}
		outcome := &row[len(row)-1]
		*outcome = p.paint(outcomeLooks[changes[i-1].Outcome], *outcome)
	}
	t := tablewriter.NewTable(p.out,
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithRowAutoWrap(tw.WrapNone), tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: []tw.Align{tw.AlignLeft, tw.AlignRight, tw.AlignRight, tw.AlignLeft, tw.AlignLeft}}),
	)
	t.Header(rows[0])
	if p.err = t.Bulk(rows[1:]); p.err == nil {
		p.err = t.Render()
	}
}
