package report

import (
	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// A box is a framed table. Its cells are already broken into lines to the width of the terminal,
// which the library does not know.
type box struct {
	head  []string
	rows  [][]string
	right []int // columns with right-aligned figures
	// ruled puts a line between rows, and keeps the leading and trailing spaces of cells.
	ruled  bool
	widths []int // columns of text; nil for as many as the cells need
}

func (p *page) box(b box) {
	if p.err != nil {
		return
	}
	aligns := make([]tw.Align, len(b.head))
	for i := range aligns {
		aligns[i] = tw.AlignLeft
	}
	for _, i := range b.right {
		aligns[i] = tw.AlignRight
	}
	options := []tablewriter.Option{
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithRowAutoWrap(tw.WrapNone), tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithEastAsian(tw.Off), // as in columnsOf
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: aligns}),
	}
	if b.ruled {
		options = append(options, tablewriter.WithTrimSpace(tw.Off), tablewriter.WithTrimLine(tw.Off),
			tablewriter.WithRenderer(
				renderer.NewBlueprint(
					tw.Rendition{Settings: tw.Settings{Separators: tw.Separators{BetweenRows: tw.On}}})))
	}
	if b.widths != nil {
		widths := tw.Mapper[int, int]{}
		for i, n := range b.widths {
			widths[i] = n + 2 // the library counts the padding as part of the width
		}
		options = append(options, tablewriter.WithColumnWidths(widths))
	}
	t := tablewriter.NewTable(p.out, options...)
	t.Header(b.head)
	if p.err = t.Bulk(b.rows); p.err == nil {
		p.err = t.Render()
	}
}
