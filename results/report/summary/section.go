// Package summary puts a record into words, once for all formats: cells of figures, words,
// sentences and notes. The formats lay them out.
package summary

import (
	"slices"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// A Section is one row of the article's table: a word for each mode, and the figures behind the
// words.
type Section struct {
	Name string
	// Words are one a mode, in the order of the settings; "" without another mode to compare with.
	Words  []string
	Groups []Group
}

// A Group is the figures below one label. Each line has a cell a mode.
type Group struct {
	Label string
	words []string // at the start of the first line's cells; nil for none
	Lines [][]string
}

// WordEnd separates such a word from a figure.
const WordEnd = " · "

// Word returns the word at the start of a mode's cell in a line; "" for figures alone.
func (g Group) Word(line, mode int) string {
	if line > 0 || g.words == nil {
		return ""
	}
	return g.words[mode]
}

// add adds a line unless all its cells are empty.
func (g *Group) add(cells []string) {
	if slices.ContainsFunc(cells, func(c string) bool { return c != unit.Missing }) {
		g.Lines = append(g.Lines, cells)
	}
}

// A sheet is a workload from which a grid is made. Tables, lists and Markdown lay the same grid
// out.
type sheet struct {
	r     *results.Record
	w     results.Workload
	v     results.Verdict
	rungs []int // connections of the rungs between the arrows
}

// each returns the cells of a line.
func (s sheet) each(text func(mode string) string) []string {
	cells := make([]string, len(s.r.Settings.Modes))
	for i, m := range s.r.Settings.Modes {
		cells[i] = text(m.Name)
	}
	return cells
}

// rungsShown returns the first rung, the base and the top.
func rungsShown(w results.Workload) []int {
	if len(w.Ladder) == 0 {
		return nil
	}
	return slices.Compact([]int{w.Ladder[0].Connections, w.Base, w.Top()})
}

// shownLatencies are the percentiles that the table has of a load.
type shownLatencies struct {
	at      results.RungKey
	where   string // in words
	figures []results.Figure
	tail    bool // p99.9 as well
}

// latenciesShown returns the loads of a workload's table with their percentiles, in its order.
func latenciesShown(r *results.Record, w results.Workload) []shownLatencies {
	both := []results.Figure{results.P50, results.P99}
	all := []shownLatencies{
		{results.AtCommon, "at the common rate", both, true}, {results.AtOwn, atOwnRate, both, true},
		{results.AtAlone, "alone", both, false}, {results.AtAmid, "amid poison", both, false},
	}
	for _, n := range rungsShown(w) {
		at := "at " + unit.Counted(n, "connection")
		all = append(all, shownLatencies{results.ClosedAt(n), at, []results.Figure{results.P99}, false})
	}
	return all
}
