package report

import (
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/report/summary"
)

const (
	// leastColumn is the columns of text for a mode, unless all text is shorter. Narrower columns
	// would break the lines of figures.
	leastColumn = 22
	widestLabel = 16 // columns of the labels, which are broken between words
)

// boxes writes a grid as a table, or as several below each other if the modes do not fit side by
// side. It uses the full grid if that fits.
func (p *page) boxes(modes []results.Mode, grid func(full bool) []summary.Section) {
	sections, labels := grid(true), 2*widestLabel
	_, fit, room := p.columns(sections, labels, modes)
	if len(modes) == 0 || fit < len(modes) || widestCell(sections) > room {
		sections, labels = grid(false), widestLabel
	}
	labels, fit, room = p.columns(sections, labels, modes)
	// The width is that of all modes, so that tables below each other are equally wide.
	widest := min(widestColumn(sections, modes), room)
	for from := 0; from < len(modes); from += fit {
		p.table(modes[from:min(from+fit, len(modes))], sections, from, labels, widest)
	}
}

// columns divides the page's width: the columns of the labels, at most the given number, how many
// modes fit beside them, and the columns of text of each mode. A column takes its text, a space on
// each side and a border. The leftmost border belongs to the labels.
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

// widestColumn returns the width of the widest mode's name or cell.
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

// table writes the columns of the modes from index from on: a header and a row for each section.
func (p *page) table(modes []results.Mode, sections []summary.Section, from, labels, room int) {
	widths := []int{labels}
	head := []string{"Feature"}
	for _, m := range modes {
		head = append(head, p.paint(strong, strings.Join(wrap(m.Name, room, ""), "\n")))
		widths = append(widths, room)
	}
	var rows [][]string
	for _, s := range sections {
		rows = append(rows, p.row(s, from, len(modes), labels, room))
	}
	p.box(box{head: head, rows: rows, ruled: true, widths: widths})
}

// row lays a section out. The lines of a label and of its figures begin side by side, and each line
// of figures is as high as its longest cell.
func (p *page) row(s summary.Section, from, modes, labels, room int) []string {
	label := []string{p.paint(strong, s.Name)}
	cells := make([][]string, modes)
	for i := range cells {
		word := s.Words[from+i]
		cells[i] = []string{p.paint(p.looks[word], word)}
	}
	for _, g := range s.Groups {
		label = append(label, wrap(g.Label, labels, "")...)
		for n, line := range g.Lines {
			if !slices.ContainsFunc(line[from:from+modes], func(text string) bool { return text != "" }) {
				continue // another mode's, in a table of its own
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
		return p.paint(p.looks[word], word) + rest
	}
	return line // a narrow column breaks the word
}

// looks are the words' colours. Blocking and non-blocking have one colour, because neither is
// better.
var looks = map[string]style{
	results.Blocking: strong, results.NonBlocking: strong,
	results.High: good, results.Moderate: lesser, results.Lower: lesser,
	results.NoDifference: strong, results.CannotTell: lesser, results.Mixed: lesser, results.DependsOnLoad: lesser,
}

// list writes the grid mode by mode, one line each, if a table is too wide.
func (p *page) list(sections []summary.Section, modes []results.Mode) {
	for _, s := range sections {
		p.line("")
		p.line(p.paint(strong, s.Name))
		for i, m := range modes {
			name := m.Name
			if s.Words[i] != "" {
				name += ": "
			}
			p.item("  ", name+p.paint(p.looks[s.Words[i]], s.Words[i]))
			for _, g := range s.Groups {
				for j, text := range linesOf(g, i) {
					indent := "    "
					if j > 0 && g.Label != "" {
						indent += "  " // below its label
					}
					p.item(indent, text)
				}
			}
		}
	}
	p.line("")
}

// linesOf returns a group's lines for the i-th mode: one line after its label, or the label and the
// lines below.
func linesOf(g summary.Group, i int) []string {
	var lines []string
	for _, line := range g.Lines {
		if line[i] != "" {
			lines = append(lines, line[i])
		}
	}
	switch {
	case g.Label == "" || lines == nil:
		return lines
	case len(lines) == 1:
		return []string{g.Label + ": " + lines[0]}
	}
	return append([]string{g.Label + ":"}, lines...)
}
