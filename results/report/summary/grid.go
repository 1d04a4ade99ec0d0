package summary

import (
	"slices"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// A section is one row of the article's table: a word for each mode, and the figures behind the words.
type Section struct {
	Name   string
	Words  []string // a mode each, in the order of the settings; "" where there is no other mode to compare with
	Groups []Group
}

// A group is figures that one label stands for. Each line has a cell a mode.
type Group struct {
	Label string
	words []string // that the first line's cells begin with; nil for none
	Lines [][]string
}

// wordEnd stands between such a word and a figure.
const WordEnd = " · "

// word is what a mode's cell in a line begins with; "" for figures alone.
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

// A sheet is a workload of which a grid is made. Tables, lists and Markdown are that grid, laid out in their own way.
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

// grid makes the sections of a workload. Its arrows go along the whole ladder when full is set, else by way of three rungs.
func Grid(r *results.Record, w results.Workload, v results.Verdict, full bool) []Section {
	s := sheet{r, w, v, rungsShown(w)}
	if full {
		s.rungs = w.Connections()
	}
	var sections []Section
	for _, f := range v.Findings {
		made := Section{Name: f.Row, Words: s.each(f.Of)}
		var groups []Group
		switch f.Row {
		case results.RowExecution:
			groups = s.execution(f)
		case results.RowPerformance:
			groups = s.performance()
		case results.RowScalability:
			groups = s.scalability(f)
		case results.RowIsolation:
			groups = s.isolation()
		}
		for _, g := range groups {
			if g.Lines != nil {
				made.Groups = append(made.Groups, g)
			}
		}
		if made.Groups == nil {
			made.Groups = []Group{{Lines: [][]string{s.each(func(string) string { return unit.Missing })}}}
		}
		sections = append(sections, made)
	}
	return sections
}

// rungsShown are the first rung, the base and the top.
func rungsShown(w results.Workload) []int {
	if len(w.Ladder) == 0 {
		return nil
	}
	return slices.Compact([]int{w.Ladder[0].Connections, w.Base, w.Top()})
}
