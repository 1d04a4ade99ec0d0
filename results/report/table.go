package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"nodecompare/results"
	"nodecompare/results/report/summary"
)

const (
	defaultWidth = 80
	narrowest    = 40 // a terminal that says it is narrower gets lines that it breaks itself
	leastTable   = 60 // below it figures would be broken in the middle: then it is a list
	leastColumn  = 22 // columns of text of one mode, unless all is shorter: in fewer the figures' lines would not stand whole
	widestLabel  = 16 // columns of the labels, which are broken between words
)

// writeTable writes, for each workload, the article's table with what was measured, and what follows from it.
func writeTable(out io.Writer, r *results.Record, o Options) error {
	p := newPage(out, o)
	p.paragraph(summary.Heading(r))
	for i, w := range r.Settings.Workloads {
		if i < len(r.Verdicts) {
			p.workload(r.On(w.Name), w, r.Verdicts[i])
		}
	}
	p.article(r)
	for _, s := range summary.Remarks(r) {
		p.line("")
		p.note(s)
	}
	return p.err
}

// page writes lines and remembers the first error.
type page struct {
	out   io.Writer
	width int
	color bool
	err   error
}

func newPage(out io.Writer, o Options) *page {
	width := o.Width
	if width == 0 {
		width = defaultWidth
	}
	return &page{out: out, width: max(width, narrowest), color: o.Color}
}

func (p *page) line(s string) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.out, s)
	}
}

func (p *page) paragraph(s string) {
	for _, l := range wrap(s, p.width, "  ") {
		p.line(l)
	}
}

// loud are the beginnings of the notes that are more than an explanation.
var loud = []struct {
	begin string
	look  style
}{{"FAILED", bad}, {"FALSE ALARM", bad}, {"PARTIAL", bad}, {"VOID", bad}, {summary.Mark + " SUSPECT", lesser}}

// note is a paragraph of which the beginning, up to the colon, stands out.
func (p *page) note(s string) {
	look := strong
	for _, l := range loud {
		if strings.HasPrefix(s, l.begin) {
			look = l.look
		}
	}
	for i, l := range wrap(s, p.width, "  ") {
		if head, rest, ok := strings.Cut(l, ":"); ok && i == 0 {
			l = p.paint(look, head+":") + rest
		}
		p.line(l)
	}
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

// boxes writes a grid as a table, or as several below each other when the modes do not stand side by side. The grid is the full one
// where that fits.
func (p *page) boxes(modes []results.Mode, grid func(full bool) []summary.Section) {
	sections, labels := grid(true), 2*widestLabel
	_, fit, room := p.columns(sections, labels, modes)
	if len(modes) == 0 || fit < len(modes) || widestCell(sections) > room {
		sections, labels = grid(false), widestLabel
	}
	labels, fit, room = p.columns(sections, labels, modes)
	// Of all the modes, so that tables that stand below each other are of one width.
	widest := min(widestColumn(sections, modes), room)
	for from := 0; from < len(modes); from += fit {
		p.table(modes[from:min(from+fit, len(modes))], sections, from, labels, widest)
	}
}

// columns shares the page's width out: the columns of the labels, of which they get at most the given ones, how many modes fit
// beside them, and the columns of text of each of these. A column takes its text, a space at each side and a border; the
// leftmost border is the labels'.
func (p *page) columns(sections []summary.Section, labels int, modes []results.Mode) (label, fit, room int) {
	label = len("Feature")
	for _, s := range sections {
		label = max(label, columnsOf(s.Name))
		for _, g := range s.Groups {
			label = max(label, textWidth(strings.Join(wrap(g.Label, labels, ""), "\n")))
		}
	}
	free := p.width - (label + 4)
	least := min(widestColumn(sections, modes), leastColumn)
	fit = min(max(free/(least+3), 1), max(len(modes), 1))
	return label, fit, max(free/fit-3, 1)
}

// widestColumn is of a mode's name or cell.
func widestColumn(sections []summary.Section, modes []results.Mode) int {
	most := widestCell(sections)
	for _, m := range modes {
		most = max(most, columnsOf(m.Name))
	}
	return most
}

func widestCell(sections []summary.Section) int {
	most := 0
	for _, s := range sections {
		for _, word := range s.Words {
			most = max(most, columnsOf(word))
		}
		for _, g := range s.Groups {
			for _, line := range g.Lines {
				for _, text := range line {
					most = max(most, columnsOf(text))
				}
			}
		}
	}
	return most
}

// table writes the columns of some modes, the first of which is the from-th: a header and a row for each section.
func (p *page) table(modes []results.Mode, sections []summary.Section, from, labels, room int) {
	if p.err != nil {
		return
	}
	const padding = 2 // that tablewriter counts as part of the width
	widths := tw.Mapper[int, int]{0: labels + padding}
	head := []string{"Feature"}
	for i, m := range modes {
		head = append(head, p.paint(strong, strings.Join(wrap(m.Name, room, ""), "\n")))
		widths[i+1] = room + padding
	}
	var rows [][]string
	for _, s := range sections {
		rows = append(rows, p.row(s, from, len(modes), labels, room))
	}
	t := tablewriter.NewTable(p.out,
		tablewriter.WithHeaderAutoFormat(tw.Off),
		// The lines are broken already, to the width of the terminal, which the library does not know.
		tablewriter.WithRowAutoWrap(tw.WrapNone), tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithEastAsian(tw.Off), // as columnsOf has it
		tablewriter.WithTrimSpace(tw.Off), tablewriter.WithTrimLine(tw.Off),
		tablewriter.WithColumnWidths(widths),
		tablewriter.WithHeaderAlignment(tw.AlignLeft), tablewriter.WithRowAlignment(tw.AlignLeft),
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Settings: tw.Settings{Separators: tw.Separators{BetweenRows: tw.On}},
		})),
	)
	t.Header(head)
	if p.err = t.Bulk(rows); p.err == nil {
		p.err = t.Render()
	}
}

// row lays a section out. The lines of a label and those of its figures begin beside each other, and each line of figures ends
// where the results.Longest of its cells does.
func (p *page) row(s summary.Section, from, modes, labels, room int) []string {
	label := []string{p.paint(strong, s.Name)}
	cells := make([][]string, modes)
	for i := range cells {
		word := s.Words[from+i]
		cells[i] = []string{p.paint(looks[word], word)}
	}
	for _, g := range s.Groups {
		label = append(label, wrap(g.Label, labels, "")...)
		for n, line := range g.Lines {
			if !slices.ContainsFunc(line[from:from+modes], func(text string) bool { return text != "" }) {
				continue // it is another mode's, which stands in a table of its own
			}
			end := 0
			for i := range cells {
				cell := wrap(line[from+i], room, "  ")
				cell[0] = p.worded(cell[0], g.Word(n, from+i))
				cells[i] = append(cells[i], cell...)
				end = max(end, len(cells[i]))
			}
			for i := range cells {
				cells[i] = lengthen(cells[i], end)
			}
		}
		end := max(len(label), len(cells[0]))
		label = lengthen(label, end)
		for i := range cells {
			cells[i] = lengthen(cells[i], end)
		}
	}
	row := []string{strings.Join(label, "\n")}
	for _, c := range cells {
		row = append(row, strings.Join(c, "\n"))
	}
	return row
}

func lengthen(lines []string, end int) []string {
	for len(lines) < end {
		lines = append(lines, "")
	}
	return lines
}

// worded paints the word that a line begins with.
func (p *page) worded(line, word string) string {
	if rest, ok := strings.CutPrefix(line, word); ok {
		return p.paint(looks[word], word) + rest
	}
	return line // a narrow column breaks the word
}

// looks are the words' colours. Blocking and non-blocking are two ways, neither of them better.
var looks = map[string]style{
	results.Blocking: strong, results.NonBlocking: strong,
	results.High: good, results.Moderate: lesser, results.Lower: lesser,
	results.NoDifference: strong, results.CannotTell: lesser, results.Mixed: lesser,
}

// article writes that table, if there is something to put into it.
func (p *page) article(r *results.Record) {
	a, ok := results.HoldArticle(r)
	if !ok {
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
