package summary

import (
	"fmt"
	"slices"

	"nodecompare/results"
)

// Against is how many times worse than the best mode a mode is, with its interval.
func (p Position) Against() string {
	switch {
	case p.Best:
		return "best"
	case p.Factor() == "":
		return ""
	case p.Vetoed:
		return p.times(p.Interval()) + ", contradicted"
	case p.Outcome == results.CannotTell:
		return p.times(p.Interval()) + ", not sure"
	}
	return fmt.Sprintf("%s (%s)", p.Factor(), p.Interval())
}

// Ranked are the cells' places from the best mode to the worst; those without a rank are last.
func (l AnswerLine) Ranked() []int {
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
