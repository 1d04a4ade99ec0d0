package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"nodecompare/results/report/summary"
)

const (
	defaultWidth = 80
	narrowest    = 40 // smaller terminals break the lines themselves
	leastTable   = 60 // narrower than that, a list avoids broken figures
	labelWidth   = 11 // of the names before a field's text
)

// page writes lines and remembers the first error.
type page struct {
	out   io.Writer
	width int
	color bool
	looks map[string]style // of words; nil for none
	err   error
}

func newPage(out io.Writer, o Options) *page {
	width := o.Width
	if width == 0 {
		width = defaultWidth
	}
	return &page{out: out, width: max(width, narrowest), color: o.Color, looks: looks}
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

// loud are the beginnings of notes that are more than an explanation.
var loud = []struct {
	begin string
	look  style
}{{"FAILED", bad}, {"FALSE ALARM", bad}, {"PARTIAL", bad}, {"VOID", bad}, {summary.Mark + " SUSPECT", lesser}}

// note writes a paragraph with its beginning, up to the colon, emphasised.
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

// headline is an answer: a word that stands out, and the sentence behind it. Without a sentence all
// of it stands out.
func (p *page) headline(look style, word, sentence string) {
	for i, l := range wrap(word+" "+sentence, p.width, "  ") {
		switch rest, ok := strings.CutPrefix(l, word); {
		case sentence == "":
			l = p.paint(look, l)
		case ok && i == 0:
			l = p.paint(look, word) + rest
		}
		p.line(l)
	}
}

// aligned writes rows below their head with two spaces between the columns; false where there is no
// room for that.
func (p *page) aligned(rows [][]string, right ...int) bool {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], columnsOf(text))
		}
	}
	total := 2 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	if total > p.width {
		return false
	}
	for n, row := range rows {
		line := ""
		for i, text := range row {
			gap := spaces(widths[i] - columnsOf(text))
			if slices.Contains(right, i) {
				line += gap + text
			} else {
				line += text + gap
			}
			line += "  "
		}
		if line = strings.TrimRight(line, " "); n == 0 {
			line = p.paint(strong, line)
		}
		p.line(line)
	}
	return true
}

func (p *page) item(indent, text string) {
	for _, l := range wrap(text, p.width-len(indent), "  ") {
		p.line(indent + l)
	}
}

// field writes a name, and its text in a separate column; below the name, if that is too long.
func (p *page) field(name, text string) {
	if columnsOf(name) >= labelWidth {
		p.item("", name)
		name = ""
	}
	for _, l := range wrap(text, p.width-labelWidth, "  ") {
		p.line(padded(name, labelWidth) + l)
		name = ""
	}
}

// A style is the escape sequence that begins it (ECMA-48, Select Graphic Rendition); "" leaves text
// as it is.
type style string

const (
	plain  style = ""
	strong style = "\x1b[1m"
	good   style = "\x1b[1;32m"
	lesser style = "\x1b[1;33m"
	bad    style = "\x1b[1;31m"

	unstyled = "\x1b[0m"
)

// paint styles text line by line, so that the frame between two lines of a cell keeps its own look.
// Colour only repeats the words, so a page reads the same without it.
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

// columnsOf returns how many terminal columns a text takes. Characters that are narrow in western
// and wide in East Asian use count as narrow: modern terminals agree, and a report must not depend
// on its reader's language.
func columnsOf(text string) int { return twwidth.WidthWithOptions(text, twwidth.Options{}) }

// pieces cuts a word into parts of at most room columns. A single wider character stays whole.
func pieces(word string, room int) []string {
	var parts []string
	from, used := 0, 0
	for i, r := range word {
		size := columnsOf(string(r))
		if used+size > room && i > from {
			parts = append(parts, word[from:i])
			from, used = i, 0
		}
		used += size
	}
	return append(parts, word[from:])
}

// textWidth returns the width of the widest line.
func textWidth(text string) int {
	most := 0
	for line := range strings.SplitSeq(text, "\n") {
		most = max(most, columnsOf(line))
	}
	return most
}

// wrap breaks text between words into lines of at most width columns. It breaks only words wider
// than a line. Lines after the first begin with indent.
func wrap(text string, width int, indent string) []string {
	room := max(width-columnsOf(indent), 1)
	var lines []string
	line, used := "", 0 // used is line's columns
	for word := range strings.FieldsSeq(text) {
		for i, piece := range pieces(word, room) {
			size := columnsOf(piece)
			switch {
			case line == "":
				line, used = piece, size
			case i > 0 || used+1+size > width:
				lines = append(lines, line)
				line, used = indent+piece, columnsOf(indent)+size
			default:
				line, used = line+" "+piece, used+1+size
			}
		}
	}
	return append(lines, line)
}

// Options are what a format may use.
type Options struct {
	Width   int      // columns of the terminal; 0 is 80
	Color   bool     // the terminal shows colours, and its user wants them
	Details bool     // every figure and every note, for checking the answer
	More    []string // lines below the answer that say how to see more
}

// Lines writes paragraphs as wide as the terminal.
func Lines(out io.Writer, o Options, paragraphs ...string) error {
	p := newPage(out, o)
	for _, text := range paragraphs {
		for _, l := range wrap(text, p.width, "") {
			p.line(l)
		}
	}
	return p.err
}
