package report

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/report/summary"
)

const (
	mostBar     = 30
	besideRanks = 70 // columns from which on a workload's name is beside its modes
)

// rankings writes each workload's modes below each other, the best one first. The layout does not
// depend on the terminal's width.
func (p *page) rankings(modes []results.Mode, a summary.Answer) {
	for _, row := range a.Rows {
		if row.Name == results.RowPerformance || row.Name == results.RowIsolation {
			p.ranking(modes, row)
		}
	}
	p.matrix(a.Matrix)
}

// rankFit is the widths of a ranking's columns.
type rankFit struct{ workload, name, text, bar, factor int }

func (p *page) ranking(modes []results.Mode, row summary.AnswerRow) {
	f := rankFit{}
	for _, m := range modes {
		f.name = max(f.name, min(columnsOf(m.Name), longestName))
	}
	for _, l := range row.Lines {
		f.workload = max(f.workload, columnsOf(l.Label()))
		for _, c := range l.Cells {
			f.text = max(f.text, columnsOf(c.Text+c.Mark))
			f.factor = max(f.factor, columnsOf(rankFactor(c)))
		}
	}
	beside := p.width >= besideRanks
	used := len(" 1= ") + f.name + 1 + f.text + 1 + 1 + f.factor
	if beside {
		used += f.workload + 1
	}
	if f.bar = min(p.width-used, mostBar); f.bar < leastBar {
		f.bar = 0
	}
	for _, l := range row.Lines {
		head := l.Label()
		if !beside {
			p.line(p.paint(strong, l.Label()))
		}
		for _, i := range byRank(l) {
			line := p.rank(cut(modes[i].Name, f.name), l, l.Cells[i], f)
			if beside {
				line = p.paint(strong, head) + spaces(f.workload-columnsOf(head)) + " " + line
				head = ""
			}
			p.line(line)
		}
	}
}

const longestName = 16

// rank writes one mode's line.
func (p *page) rank(name string, l summary.AnswerLine, c summary.AnswerCell, f rankFit) string {
	place := "  –"
	if c.Rank > 0 {
		place = fmt.Sprintf("%2d ", c.Rank)
		if c.Tied {
			place = fmt.Sprintf("%2d=", c.Rank)
		}
	}
	parts := []string{place, padded(name, f.name), spaces(f.text-columnsOf(c.Text+c.Mark)) + c.Text + c.Mark}
	if f.bar > 0 {
		parts = append(parts, barColumn(l, c, f.bar))
	}
	return strings.TrimRight(strings.Join(append(parts, rankFactor(c)), " "), " ")
}

// rankFactor returns how many times worse than the best a mode is, with the interval.
func rankFactor(c summary.AnswerCell) string {
	switch {
	case c.Best:
		return "best"
	case c.Factor() == "":
		return ""
	case c.Vetoed:
		return c.Interval() + "×, contradicted"
	case c.Outcome == results.CannotTell:
		return c.Interval() + "×, not sure"
	}
	return fmt.Sprintf("%s (%s)", c.Factor(), c.Interval())
}

// byRank returns the cells' indices from the best mode to the worst. Modes without a rank are last.
func byRank(l summary.AnswerLine) []int {
	order := make([]int, len(l.Cells))
	for i := range order {
		order[i] = i
	}
	weight := func(i int) (rank int, times float64) {
		c := l.Cells[i]
		switch {
		case c.Rank == 0:
			return len(l.Cells) + 1, 0
		case c.Best:
			return c.Rank, 0
		}
		return c.Rank, c.Times
	}
	slices.SortStableFunc(order, func(a, b int) int {
		rankA, timesA := weight(a)
		rankB, timesB := weight(b)
		switch {
		case rankA != rankB:
			return rankA - rankB
		case timesA < timesB:
			return -1
		case timesA > timesB:
			return 1
		}
		return 0
	})
	return order
}

// matrix writes the marks of the article's claims, with as many workloads side by side as fit.
func (p *page) matrix(rows [][]string) {
	if rows == nil {
		return
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], columnsOf(text))
		}
	}
	for from := 1; from < len(widths); {
		to, used := from, widths[0]
		for to < len(widths) && (to == from || used+2+widths[to] <= p.width) {
			used += 2 + widths[to]
			to++
		}
		for n, row := range rows {
			line := padded(row[0], widths[0])
			for i := from; i < to; i++ {
				line += "  " + padded(row[i], widths[i])
			}
			if line = strings.TrimRight(line, " "); n == 0 {
				line = p.paint(strong, line)
			}
			p.line(line)
		}
		from = to
	}
	p.paragraph(summary.Legend)
}
