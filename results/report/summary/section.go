// Package summary says what a record comes to, once for all formats: cells of figures, words,
// sentences and notes. The formats lay them out, each in its own way.
package summary

import (
	"nodecompare/results"
	"nodecompare/results/unit"
	"slices"
)

// A Section is one row of the article's table: a word for each mode, and the figures behind the
// words.
type Section struct {
	Name   string
	Words  []string // a mode each, in the order of the settings; "" where there is no other mode to compare with
	Groups []Group
}

// A Group is figures that one label stands for. Each line has a cell a mode.
type Group struct {
	Label string
	words []string // that the first line's cells begin with; nil for none
	Lines [][]string
}

// WordEnd stands between such a word and a figure.
const WordEnd = " · "

// Word is what a mode's cell in a line begins with; "" for figures alone.
func (g Group) Word(line, mode int) string {
	if line > 0 || g.words == nil {
		return ""
	}
	return g.words[mode]
}

// add takes a line unless no mode has anything to show in it.
func (g *Group) add(cells []string) {
	if slices.ContainsFunc(cells, func(c string) bool { return c != unit.Missing }) {
		g.Lines = append(g.Lines, cells)
	}
}

// A sheet is a workload of which a grid is made. Tables, lists and Markdown are that grid, laid out
// in their own way.
type sheet struct {
	r     *results.Record
	w     results.Workload
	v     results.Verdict
	rungs []int // connections between which the arrows stand
}

// each makes the cells of a line.
func (s sheet) each(text func(mode string) string) []string {
	cells := make([]string, len(s.r.Settings.Modes))
	for i, m := range s.r.Settings.Modes {
		cells[i] = text(m.Name)
	}
	return cells
}

// rungsShown are the first rung, the base and the top.
func rungsShown(w results.Workload) []int {
	if len(w.Ladder) == 0 {
		return nil
	}
	return slices.Compact([]int{w.Ladder[0].Connections, w.Base, w.Top()})
}
