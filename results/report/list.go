package report

import "nodecompare/results"

// list writes the grid mode by mode, a line each, where a table would be too wide.
func (p *page) list(sections []section, modes []results.Mode) {
	for _, s := range sections {
		p.line("")
		p.line(p.paint(strong, s.name))
		for i, m := range modes {
			name := m.Name
			if s.words[i] != "" {
				name += ": "
			}
			p.item("  ", name+p.paint(looks[s.words[i]], s.words[i]))
			for _, g := range s.groups {
				for j, text := range g.of(i) {
					indent := "    "
					if j > 0 && g.label != "" {
						indent += "  " // below its label
					}
					p.item(indent, text)
				}
			}
		}
	}
	p.line("")
}

// of is what a group says of the i-th mode: one line with its label at the head of it, or the label and the lines that follow.
func (g group) of(i int) []string {
	var lines []string
	for _, line := range g.lines {
		if line[i] != "" {
			lines = append(lines, line[i])
		}
	}
	switch {
	case g.label == "" || lines == nil:
		return lines
	case len(lines) == 1:
		return []string{g.label + ": " + lines[0]}
	}
	return append([]string{g.label + ":"}, lines...)
}

func (p *page) item(indent, text string) {
	for _, l := range wrap(text, p.width-len(indent), "  ") {
		p.line(indent + l)
	}
}
