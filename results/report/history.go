package report

import (
	"fmt"
	"io"
	"strings"

	"nodecompare/results/gate"
	"nodecompare/results/report/html"
	"nodecompare/results/report/summary"
)

// longestMetric is the most columns that the name of a figure takes in a history's table.
const longestMetric = 18

// writeHistory writes a table for each mode and workload, with a column for each record, or a list
// where there is no room for one.
func writeHistory(out io.Writer, h gate.History, o Options) error {
	p := newPage(out, o)
	shown := p.momentsShown(h)
	p.historyOutcome(h)
	p.paragraph(summary.HistoryHeading(h))
	if shown != nil && len(shown) < len(h.Moments) {
		p.paragraph(fmt.Sprintf("Shown are the oldest and the latest %d: a wider terminal, --format=html and "+
			"--format=json have all.", len(shown)-1))
	}
	for _, lines := range historyPairs(h) {
		p.line("")
		p.note(lines[0].Workload + ", " + lines[0].Mode)
		if shown == nil {
			p.historyList(lines)
		} else {
			p.historyTable(h, lines, shown)
		}
	}
	p.line("")
	for _, n := range summary.HistoryNotes(h) {
		p.paragraph(n)
	}
	p.historyOutcome(h)
	return p.err
}

// historyOutcome is the first line and the last: how the latest record compares.
func (p *page) historyOutcome(h gate.History) {
	if h.Latest == nil {
		return
	}
	word, sentence := gateClosing(*h.Latest)
	lines := wrap(fmt.Sprintf("%s since %s: %s", word, summary.Moment(h.Moments[h.Since]), sentence), p.width, "  ")
	for i, l := range lines {
		if i == 0 {
			l = p.paint(outcomeLooks[h.Latest.Outcome], word) + l[len(word):]
		}
		p.line(l)
	}
}

// writeHistoryPage writes the page of a history, which begins with how the latest record compares.
func writeHistoryPage(out io.Writer, h gate.History) error {
	if h.Latest == nil {
		return html.WriteHistory(out, h, "Figures over time", "")
	}
	_, sentence := gateClosing(*h.Latest)
	return html.WriteHistory(out, h, outcomeTitles[h.Latest.Outcome]+" since "+
		h.Moments[h.Since].Started.UTC().Format("2 January 2006"), "The latest record against that one: "+sentence)
}

// outcomeTitles are what the latest record came to, for people.
var outcomeTitles = map[string]string{gate.Pass: "Nothing became worse", gate.Regressed: "Something became worse",
	gate.Inconclusive: "Undecided", gate.Invalid: "Nothing can be concluded"}

// historyPairs are the lines, gathered by workload and mode.
func historyPairs(h gate.History) (pairs [][]gate.Line) {
	for i, l := range h.Lines {
		if i == 0 || l.Workload != h.Lines[i-1].Workload || l.Mode != h.Lines[i-1].Mode {
			pairs = append(pairs, nil)
		}
		pairs[len(pairs)-1] = append(pairs[len(pairs)-1], l)
	}
	return pairs
}

// momentsShown are the records that there are columns for: the oldest, and the latest ones. There
// are none where a list is to be written.
func (p *page) momentsShown(h gate.History) (shown []int) {
	room := (p.width - longestMetric - 4) / (len("2006-01-02") + 3)
	if p.width < leastTable || room < 2 {
		return nil
	}
	for i := range h.Moments {
		if i == 0 || i >= len(h.Moments)-room+1 {
			shown = append(shown, i)
		}
	}
	return shown
}

func (p *page) historyTable(h gate.History, lines []gate.Line, shown []int) {
	b := box{head: []string{p.paint(strong, "Median")}, widths: []int{longestMetric}}
	for column, i := range shown {
		when := h.Moments[i].Started.UTC()
		date := when.Format("2006-01-02")
		if len(h.Moments[i].Apart) > 0 {
			date = summary.ApartMark + when.Format("06-01-02")
		}
		b.head = append(b.head, p.paint(strong, date)+"\n"+p.paint(strong, when.Format("15:04")))
		b.right = append(b.right, column+1)
		b.widths = append(b.widths, len("2006-01-02"))
	}
	for n, l := range lines {
		if n == 0 || l.At != lines[n-1].At {
			row := make([]string, len(b.head))
			row[0] = strings.Join(paintedLines(p, wrap(summary.LoadName(l.At), longestMetric, "")), "\n")
			b.rows = append(b.rows, row)
		}
		row := []string{strings.Join(wrap(l.Metric, longestMetric, ""), "\n")}
		for _, i := range shown {
			row = append(row, summary.HistoryFigure(l, i))
		}
		b.rows = append(b.rows, row)
	}
	p.box(b)
}

func paintedLines(p *page, lines []string) []string {
	for i, l := range lines {
		lines[i] = p.paint(strong, l)
	}
	return lines
}

// historyList has what each figure was in all records.
func (p *page) historyList(lines []gate.Line) {
	for _, l := range lines {
		figures := make([]string, len(l.Figures))
		for i := range l.Figures {
			figures[i] = summary.HistoryFigure(l, i)
		}
		p.item("  ", fmt.Sprintf("%s, %s: %s", l.Metric, summary.LoadName(l.At), strings.Join(figures, " → ")))
	}
}
