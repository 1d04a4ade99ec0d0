package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/report/summary"
)

const (
	mostColumns = 3 // most modes side by side; more are ranked below each other
	mostRoom    = 40
	noteLines   = 4 // most lines of all notes together, and at most two of each

	noteLinesBelowRanks = 1
	leastBar            = 3
	claimWidth          = 13 // columns of a claim's name
)

// writeAnswer writes the summary of a bench: the answer in the first and the last lines, and
// between them its figures.
func writeAnswer(out io.Writer, r *results.Record, o Options) error {
	p := newPage(out, o)
	if r.Partial && !slices.ContainsFunc(r.Trials, func(t results.Trial) bool { return !t.Interrupted }) {
		p.line("Interrupted before the first trial was over: nothing was measured.")
		return p.err
	}
	a := summary.AnswerOf(r)
	if a.Unfit != "" {
		p.looks = nil // words that nobody should quote get no colours
	}
	p.warning(a.Unfit)
	for _, l := range wrap(a.Question, p.width, "  ") {
		p.line(p.paint(strong, l))
	}
	lines := noteLines
	modes := r.Settings.Modes
	if len(modes) > mostColumns {
		lines = noteLinesBelowRanks
		p.rankings(modes, a)
	} else {
		p.line("")
		if fits(a, p.answerRoom(len(modes), answerLabels(a))) {
			p.answerTable(modes, a)
		} else {
			p.answerList(modes, a)
		}
	}
	p.claims(a.Claims)
	if len(modes) <= mostColumns && a.Key != "" && p.linesOf(a.Notes) <= noteLines/2 {
		p.paragraph(a.Key)
	}
	if a.Models != "" {
		p.paragraph(a.Models)
	}
	p.cores(r)
	for _, h := range summary.HostLines(r.Hosts, false) {
		p.note(h.String())
	}
	p.notes(a.Notes, lines)
	for _, m := range o.More {
		p.paragraph(m)
	}
	p.paragraph(a.Trust)
	p.warning(a.Unfit)
	return p.err
}

// linesOf returns how many lines the notes take.
func (p *page) linesOf(notes []string) (n int) {
	for _, note := range notes {
		n += len(wrap(note, p.width, "  "))
	}
	return n
}

// notes shortens the notes to a number of lines together and may omit some, so that the answer
// stays in view.
func (p *page) notes(all []string, left int) {
	for i, n := range all {
		if left == 0 || left == 1 && len(all)-i > 1 {
			p.paragraph(fmt.Sprintf("%d more: see --details.", len(all)-i))
			return
		}
		lines := wrap(n, p.width, "  ")
		if most := min(2, left); len(lines) > most {
			lines = lines[:most]
			lines[most-1] = cut(lines[most-1]+" …", p.width)
		}
		for _, l := range lines {
			p.line(l)
		}
		left -= len(lines)
	}
}

// warning says that nothing on the page should be quoted.
func (p *page) warning(text string) {
	if text == "" {
		return
	}
	for _, l := range wrap("! "+text, p.width, "  ") {
		p.line(p.paint(bad, l))
	}
}

// claims writes the article's claims, each with the finding beside its name.
func (p *page) claims(all []summary.Claim) {
	if p.width < leastTable {
		for _, c := range all {
			p.paragraph(p.paint(markLooks[c.Mark], c.Mark) + " " + c.Row + ": " + c.Text)
		}
		return
	}
	for _, c := range all {
		head := p.paint(markLooks[c.Mark], c.Mark) + fmt.Sprintf(" %-*s", claimWidth, c.Row)
		for _, l := range wrap(c.Text, p.width-claimWidth-2, "") {
			p.line(head + l)
			head = spaces(claimWidth + 2)
		}
	}
}

// markLooks are the colours of the claims' marks.
var markLooks = map[string]style{"✓": good, "✗": bad, "=": strong, "?": lesser, "~": lesser}

// answerLabels returns the width of the answer's labels.
func answerLabels(a summary.Answer) int {
	most := columnsOf("Feature")
	for _, row := range a.Rows {
		most = max(most, columnsOf(row.Name))
		for _, l := range row.Lines {
			most = max(most, columnsOf(l.Label()))
		}
	}
	return most
}

// answerRoom returns the columns of text for each mode beside the labels.
func (p *page) answerRoom(modes, labels int) int {
	return min((p.width-labels-4)/max(modes, 1)-3, mostRoom)
}

// answerTable writes the article's table with a figure, a bar and a factor in each line.
func (p *page) answerTable(modes []results.Mode, a summary.Answer) {
	labels := answerLabels(a)
	room := p.answerRoom(len(modes), labels)
	widths, head := []int{labels}, []string{"Feature"}
	for _, m := range modes {
		widths = append(widths, room)
		head = append(head, p.paint(strong, cut(m.Name, room)))
	}
	var rows [][]string
	for _, row := range a.Rows {
		made := []string{p.paint(strong, row.Name)}
		for _, word := range row.Words {
			made = append(made, p.paint(p.looks[word], word))
		}
		f := fit(row, room)
		for _, l := range row.Lines {
			made[0] += "\n" + l.Label()
			for i, c := range l.Cells {
				made[1+i] += "\n" + p.answerCell(l, c, f)
			}
		}
		rows = append(rows, made)
	}
	p.box(box{head: head, rows: rows, ruled: true, widths: widths})
}

// answerFit is the width of each part of a row's cells; 0 leaves the part out.
type answerFit struct{ word, text, bar, factor int }

// beside returns the width of a figure's word and factor, each with a space.
func (f answerFit) beside() (columns int) {
	for _, part := range []int{f.word, f.factor} {
		if part > 0 {
			columns += part + 1
		}
	}
	return columns
}

// fits reports whether the figures of all rows fit unbroken into room columns.
func fits(a summary.Answer, room int) bool {
	for _, row := range a.Rows {
		for _, word := range row.Words {
			if columnsOf(word) > room {
				return false
			}
		}
		if f := fit(row, room); f.text+f.beside() > room {
			return false
		}
	}
	return true
}

// fit omits what a row has no room for: first the bars, then the figures' units.
func fit(row summary.AnswerRow, room int) answerFit {
	f := answerFit{}
	short, long := 0, 0
	for _, l := range row.Lines {
		for _, c := range l.Cells {
			f.word = max(f.word, columnsOf(c.Word))
			f.factor = max(f.factor, columnsOf(c.Factor()))
			short = max(short, columnsOf(c.Text+c.Mark))
			long = max(long, columnsOf(c.Text+c.Per+c.Mark))
		}
	}
	left := room - f.beside()
	if f.text = long; long > left {
		f.text = short
	}
	if f.bar = left - f.text - 1; f.bar < leastBar || f.word > 0 {
		f.bar = 0
	}
	return f
}

// answerCell formats a figure, its bar and its factor, each in its own column.
func (p *page) answerCell(l summary.AnswerLine, c summary.AnswerCell, f answerFit) string {
	text := c.Text + c.Per + c.Mark
	if columnsOf(text) > f.text {
		text = c.Text + c.Mark
	}
	var parts []string
	if f.word > 0 {
		parts = append(parts, padded(p.paint(p.looks[c.Word], c.Word), f.word))
	}
	parts = append(parts, padded(text, f.text))
	if f.bar > 0 {
		parts = append(parts, barColumn(l, c, f.bar))
	}
	if f.factor > 0 {
		parts = append(parts, spaces(f.factor-columnsOf(c.Factor()))+c.Factor())
	}
	return strings.TrimRight(strings.Join(parts, " "), " ")
}

// answerList writes the answer mode by mode, if a table is too wide.
func (p *page) answerList(modes []results.Mode, a summary.Answer) {
	for _, row := range a.Rows {
		p.line(p.paint(strong, row.Name))
		for i, m := range modes {
			p.item("  ", strings.TrimSuffix(m.Name+": "+p.paint(p.looks[row.Words[i]], row.Words[i]), ": "))
			for _, l := range row.Lines {
				c := l.Cells[i]
				text := c.Text + c.Per + c.Mark
				for _, more := range []string{c.Word, c.Factor()} {
					if more != "" {
						text += ", " + more
					}
				}
				if l.Label() != "" {
					text = l.Label() + ": " + text
				}
				p.item("    ", text)
			}
		}
	}
	p.line("")
}
