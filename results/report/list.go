package report

import (
	"nodecompare/results"
	"nodecompare/results/report/summary"
)

// list writes the grid mode by mode, a line each, where a table would be too wide.
func (p *page) list(sections []summary.Section, modes []results.Mode) {
	for _, s := range sections {
		p.line("")
		p.line(p.paint(strong, s.Name))
		for i, m := range modes {
			name := m.Name
			if s.Words[i] != "" {
				name += ": "
			}
			p.item("  ", name+p.paint(looks[s.Words[i]], s.Words[i]))
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

// linesOf is what a group says of the i-th mode: one line with its label at the head of it, or the label and the lines that follow.
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

func (p *page) item(indent, text string) {
	for _, l := range wrap(text, p.width-len(indent), "  ") {
		p.line(indent + l)
	}
}
