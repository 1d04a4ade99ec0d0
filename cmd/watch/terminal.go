package watch

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// Options of a text: the terminal's width, 0 for none, and whether it shows colour.
type Look struct {
	Width int
	Color bool
}

// label is how wide the names of lanes are.
const label = 11

// glyph is how a state is drawn: a block with colour, and a letter without.
type glyph struct {
	block, letter rune
	style         string
	meaning       string
}

var glyphs = map[State]glyph{
	Running:   {'█', 'R', "", "runs"},
	Waiting:   {'░', '.', "\x1b[2m", "waits"},
	Queued:    {'·', 'q', "\x1b[33m", "queued, not read yet"},
	HeldUp:    {'▒', 'H', "\x1b[31m", "held up: ready, its thread is taken"},
	Answering: {'▏', '>', "", "answer on its way"},
	Busy:      {'▓', 'B', "\x1b[2m", "busy, for whom is not known"},
	Unknown:   {'?', '?', "\x1b[2m", "not known"},
}

// shown are the states that the legend explains, in its order.
var shown = []State{Running, Waiting, Queued, HeldUp, Answering, Busy, Unknown}

// rank says which state of a column is drawn when it has several: the greater.
var rank = map[State]int{Answering: 1, Queued: 2, Waiting: 3, Unknown: 4, Busy: 4, HeldUp: 5, Running: 6}

// colours are the modes' colours of the pages, as near as a terminal has them.
var colours = map[string]string{"blocking": "\x1b[34m", "pool": "\x1b[36m", "async": "\x1b[32m",
	"goroutine": "\x1b[35m", "node": "\x1b[92m", "express": "\x1b[33m"}

// canvas writes a trace as text.
type canvas struct {
	strings.Builder
	columns int // of the time axis
	width   int
	color   bool
	end     float64
}

// WriteText draws the lanes with block characters, or with letters where there is no colour.
func WriteText(w io.Writer, t *Trace, o Look) error {
	width := o.Width
	if width == 0 {
		width = 80
	}
	width = min(max(width, 40), 120)
	c := &canvas{width: width, columns: width - label - 1, color: o.Color, end: axis(t.End())}
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
		c.paragraph("", "Why: "+t.Lesson)
	}
	_, err := io.WriteString(w, c.String())
	return err
}

// axis returns the end of the time axis: the last answer, and a little more.
func axis(end float64) float64 { return max(end*1.01, 1) }

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

func (c *canvas) mode(m *Mode) {
	c.line("")
	head, rest := m.Name, m.Summary
	room := c.width - len(head) - 2
	if utf8.RuneCountInString(rest) > room {
		rest = string([]rune(rest)[:max(room-1, 0)]) + "…"
	}
	c.line(c.styled("\x1b[1m"+colours[m.Name], head) + "  " + rest)
	c.ruler()
	for _, t := range m.Threads {
		c.lane(m, t.Name, t.Spans, true)
	}
	if m.Unknown != "" {
		c.paragraph(strings.Repeat(" ", label+1), "? "+m.Unknown)
	}
	for _, l := range m.Requests {
		c.lane(m, fmt.Sprintf("%d %s", l.Number, path(l.Target)), l.Spans, false)
	}
	for _, s := range m.Says {
		c.paragraph("  ", s)
	}
}

// path returns a target without its slash and query.
func path(target string) string {
	p, _, _ := strings.Cut(strings.TrimPrefix(target, "/"), "?")
	return "/" + p
}

// lane draws one lane. A thread's spans bear the number of their request.
func (c *canvas) lane(m *Mode, name string, spans []Span, thread bool) {
	states := make([]State, c.columns)
	numbers := make([]int, c.columns)
	for _, s := range spans {
		for i := c.column(s.From); i <= max(c.column(s.From), c.column(s.To)-1); i++ {
			if rank[s.State] > rank[states[i]] {
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
	c.line(pad(name, label) + " " + b.String())
}

// run draws columns that are alike.
func (c *canvas) run(m *Mode, s State, request, n int, thread bool) string {
	if s == "" {
		if thread {
			return c.styled("\x1b[2m", strings.Repeat("─", n))
		}
		return strings.Repeat(" ", n)
	}
	g := glyphs[s]
	mark := g.letter
	if c.color {
		mark = g.block
	}
	text := strings.Repeat(string(mark), n)
	if number := fmt.Sprint(request); thread && request > 0 && n >= len(number)+2 {
		text = string(mark) + number + strings.Repeat(string(mark), n-1-len(number))
	} else if thread && !c.color && n == 1 && len(number) == 1 && s == Running {
		text = number
	}
	style := g.style
	if s == Running || s == Answering {
		style = colours[m.Name]
	}
	return c.styled(style, text)
}

// column returns where a time is drawn.
func (c *canvas) column(ms float64) int {
	return min(max(int(ms/c.end*float64(c.columns)), 0), c.columns-1)
}

// ruler writes the times above the lanes.
func (c *canvas) ruler() {
	step := Step(c.end, c.columns/9)
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
	c.line(pad("", label) + " " + c.styled("\x1b[2m", strings.TrimRight(string(marks), " ")))
}

// Step returns a round distance of marks, so that there are at most so many of them.
func Step(end float64, most int) float64 {
	for unit := 1.0; ; unit *= 10 {
		for _, n := range []float64{1, 2, 5} {
			if end/(n*unit) <= math.Max(float64(most), 1) {
				return n * unit
			}
		}
	}
}

// legend explains the states that are drawn.
func (c *canvas) legend(t *Trace) {
	seen := t.states()
	var parts []string
	for _, s := range shown {
		if g := glyphs[s]; seen[s] {
			mark := g.letter
			if c.color {
				mark = g.block
			}
			parts = append(parts, string(mark)+" "+g.meaning)
		}
	}
	parts = append(parts, "─ idle", "blank: not sent yet, or answered", "a number in a thread's row: the request",
		fmt.Sprintf("one mark is %s, or less", short(c.end/float64(c.columns))))
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

// states returns those that are drawn.
func (t *Trace) states() map[State]bool {
	seen := map[State]bool{}
	for _, m := range t.Modes {
		for _, l := range m.Requests {
			for _, s := range l.Spans {
				seen[s.State] = true
			}
		}
		for _, l := range m.Threads {
			for _, s := range l.Spans {
				seen[s.State] = true
			}
		}
	}
	return seen
}

func pad(s string, n int) string {
	s = cut(s, n)
	return s + strings.Repeat(" ", n-utf8.RuneCountInString(s))
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:max(n-1, 0)]) + "…"
	}
	return s
}
