package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"nodecompare/results/scene"
)

// laneLabel is how wide the names of lanes are.
const laneLabel = 11

// laneGlyph is how a state is drawn: a block with colour, and a letter without.
type laneGlyph struct {
	block, letter rune
	style         string
}

var laneGlyphs = map[scene.State]laneGlyph{
	scene.Running:   {'█', 'R', ""},
	scene.Waiting:   {'░', '.', "\x1b[2m"},
	scene.Queued:    {'·', 'q', "\x1b[33m"},
	scene.HeldUp:    {'▒', 'H', "\x1b[31m"},
	scene.Answering: {'▏', '>', ""},
	scene.Busy:      {'▓', 'B', "\x1b[2m"},
	scene.Unknown:   {'?', '?', "\x1b[2m"},
}

// mark returns the character that the state is drawn with.
func (g laneGlyph) mark(color bool) rune {
	if color {
		return g.block
	}
	return g.letter
}

// laneRank says which state of a column is drawn when it has several: the greater.
var laneRank = map[scene.State]int{scene.Answering: 1, scene.Queued: 2, scene.Waiting: 3, scene.Unknown: 4,
	scene.Busy: 4, scene.HeldUp: 5, scene.Running: 6}

// laneColours are the modes' colours of the pages, as near as a terminal has them.
var laneColours = map[string]string{"blocking": "\x1b[34m", "pool": "\x1b[36m", "async": "\x1b[32m",
	"goroutine": "\x1b[35m", "node": "\x1b[92m", "express": "\x1b[33m"}

// canvas writes a scene as text.
type canvas struct {
	strings.Builder
	columns int // of the time axis
	width   int
	color   bool
	end     float64
}

// writeScene draws the lanes with block characters, or with letters where there is no colour.
func writeScene(w io.Writer, t *scene.Trace, o Options) error {
	width := o.Width
	if width == 0 {
		width = defaultWidth
	}
	width = min(max(width, narrowest), 120)
	c := &canvas{width: width, columns: width - laneLabel - 1, color: o.Color, end: t.Axis()}
	c.paragraph("", fmt.Sprintf("Scene %s: %s.", t.Scene, t.Summary))
	if t.Look != "" {
		c.paragraph("", "Look for: "+t.Look)
	}
	for _, m := range t.Modes {
		c.mode(m)
	}
	c.line("")
	c.legend(t)
	for _, why := range t.Missing {
		c.paragraph("", "Left out: "+why)
	}
	if t.Lesson != "" {
		c.line("")
		c.paragraph("", "Why? "+t.Lesson)
	}
	if t.Twice != "" {
		c.line("")
		c.paragraph("", "And twice as many? "+t.Twice)
	}
	_, err := io.WriteString(w, c.String())
	return err
}

func (c *canvas) line(text string) { c.WriteString(strings.TrimRight(text, " ") + "\n") }

// paragraph writes text in lines that fit, each indented.
func (c *canvas) paragraph(indent, text string) {
	line := indent
	for _, word := range strings.Fields(text) {
		if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > c.width && line != indent {
			c.line(line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	c.line(line)
}

func (c *canvas) styled(style, text string) string {
	if !c.color || style == "" {
		return text
	}
	return style + text + "\x1b[0m"
}

// mode writes what is to be seen of one, and then its lanes.
func (c *canvas) mode(m *scene.Recording) {
	c.line("")
	head, rest := m.Name, m.Summary
	room := c.width - utf8.RuneCountInString(head) - 2
	if utf8.RuneCountInString(rest) > room {
		rest = string([]rune(rest)[:max(room-1, 0)]) + "…"
	}
	c.line(c.styled("\x1b[1m"+laneColours[m.Name], head) + "  " + rest)
	for _, s := range m.Says {
		c.paragraph("  ", s)
	}
	c.ruler()
	if len(m.Threads) > 0 {
		c.line("threads")
	}
	for _, t := range m.Threads {
		c.lane(m, t.Name, t.Spans, true)
	}
	if m.Unknown != "" {
		c.paragraph(strings.Repeat(" ", laneLabel+1), "? "+m.Unknown)
	}
	c.line("requests")
	for _, l := range m.Requests {
		c.lane(m, fmt.Sprintf("%d %s", l.Number, l.Path()), l.Spans, false)
	}
}

// lane draws one lane. A thread's spans bear the number of their request.
func (c *canvas) lane(m *scene.Recording, name string, spans []scene.Span, thread bool) {
	states := make([]scene.State, c.columns)
	numbers := make([]int, c.columns)
	for _, s := range spans {
		for i := c.column(s.From); i <= max(c.column(s.From), c.column(s.To)-1); i++ {
			if laneRank[s.State] > laneRank[states[i]] {
				states[i], numbers[i] = s.State, s.Request
			}
		}
	}
	var b strings.Builder
	for i := 0; i < c.columns; {
		j := i + 1
		for j < c.columns && states[j] == states[i] && numbers[j] == numbers[i] {
			j++
		}
		b.WriteString(c.run(m, states[i], numbers[i], j-i, thread))
		i = j
	}
	c.line(padded(cut(name, laneLabel), laneLabel) + " " + b.String())
}

// run draws columns that are alike.
func (c *canvas) run(m *scene.Recording, s scene.State, request, n int, thread bool) string {
	if s == "" {
		if thread {
			return c.styled("\x1b[2m", strings.Repeat("─", n))
		}
		return strings.Repeat(" ", n)
	}
	g := laneGlyphs[s]
	mark := g.mark(c.color)
	text := strings.Repeat(string(mark), n)
	if number := fmt.Sprint(request); thread && request > 0 && n >= len(number)+2 {
		text = string(mark) + number + strings.Repeat(string(mark), n-1-len(number))
	} else if thread && !c.color && n == 1 && len(number) == 1 && s == scene.Running {
		text = number
	}
	style := g.style
	if s == scene.Running || s == scene.Answering {
		style = laneColours[m.Name]
	}
	return c.styled(style, text)
}

// column returns where a time is drawn.
func (c *canvas) column(ms float64) int {
	return min(max(int(ms/c.end*float64(c.columns)), 0), c.columns-1)
}

// ruler writes the times above the lanes.
func (c *canvas) ruler() {
	step := scene.Step(c.end, c.columns/9)
	marks := []rune(strings.Repeat(" ", c.columns+8))
	for at := 0.0; at <= c.end; at += step {
		text := fmt.Sprintf("|%g", at)
		if at == 0 {
			text = "|0 ms"
		}
		if i := c.column(at); i+len(text) <= c.columns {
			copy(marks[i:], []rune(text))
		}
	}
	c.line(spaces(laneLabel) + " " + c.styled("\x1b[2m", strings.TrimRight(string(marks), " ")))
}

// legend explains the states that are drawn.
func (c *canvas) legend(t *scene.Trace) {
	var parts []string
	for _, s := range t.States() {
		parts = append(parts, string(laneGlyphs[s].mark(c.color))+" "+s.Meaning())
	}
	parts = append(parts, "─ idle", "blank: not sent yet, or answered", "a number in a thread's row: the request",
		fmt.Sprintf("one mark is %s, or less", scene.Short(c.end/float64(c.columns))))
	line := parts[0]
	for _, part := range parts[1:] {
		if utf8.RuneCountInString(line)+3+utf8.RuneCountInString(part) > c.width {
			c.line(line)
			line = part
			continue
		}
		line += "   " + part
	}
	c.line(line)
}
