package report

import "strings"

// A style is the escape sequence that begins it (ECMA-48, Select Graphic Rendition); "" leaves text as it is.
type style string

const (
	plain  style = ""
	strong style = "\x1b[1m"
	good   style = "\x1b[1;32m"
	lesser style = "\x1b[1;33m"
	bad    style = "\x1b[1;31m"

	unstyled = "\x1b[0m"
)

// paint styles text line by line, so that the frame between two lines of a cell keeps its own look. Colour only repeats what the
// words say: a page reads the same without it.
func (p *page) paint(s style, text string) string {
	if !p.color || s == plain || text == "" {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = string(s) + l + unstyled
		}
	}
	return strings.Join(lines, "\n")
}
