package summary

import (
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// A Standings is what a bench has found so far of one workload: a row for each mode.
type Standings struct {
	Workload string
	Figures  []string // what the columns show: CPU a request
	Rows     []StandingRow
}

// A StandingRow is what is known of one mode.
type StandingRow struct {
	Mode   string
	Trials int  // made so far
	Failed bool // one of them
	Cells  []StandingCell
}

// A StandingCell is a figure so far, and how far the mode is behind the best one.
type StandingCell struct {
	Text  string // the median so far; unit.Missing for none
	Range string // its interval; "" for one value
	// Against is certain unless it ends in a question mark: 1.7×, same, ahead, 0.9–1.4×?; "" where
	// there is nothing to compare with.
	Against string
	Certain bool
}

// StandingsOf is what a bench in progress has found so far: a table for each workload that has a
// trial.
func StandingsOf(r *results.Record) (all []Standings, execution AnswerRow) {
	a := AnswerOf(r)
	for _, w := range r.Settings.Workloads {
		on := Standings{Workload: w.Name}
		begun := false
		for _, m := range r.Settings.Modes {
			row := StandingRow{Mode: m.Name}
			for _, t := range slices.Concat(r.Trials, r.Extra) {
				if t.Workload == w.Name && t.Mode == m.Name {
					row.Trials++
					row.Failed = row.Failed || t.Failure != ""
				}
			}
			begun = begun || row.Trials > 0
			on.Rows = append(on.Rows, row)
		}
		if !begun {
			continue
		}
		for _, row := range a.Rows {
			for _, l := range row.Lines {
				if l.Workload == w.Name && row.Name != results.RowExecution {
					on.add(row.Name, l)
				}
			}
		}
		all = append(all, on)
	}
	for _, row := range a.Rows {
		if row.Name == results.RowExecution {
			execution = row
		}
	}
	return all, execution
}

// add adds a column with a row of the article's table.
func (s *Standings) add(row string, l AnswerLine) {
	s.Figures = append(s.Figures, row+": "+l.Figure)
	for i, c := range l.Cells {
		cell := StandingCell{Text: c.Text + c.Mark, Range: besideUnit(c.Spread.Text, c.Text)}
		cell.Against, cell.Certain = l.against(c)
		s.Rows[i].Cells = append(s.Rows[i].Cells, cell)
	}
}

// besideUnit leaves the unit of an interval out that stands beside a figure of the same unit.
func besideUnit(interval, figure string) string {
	low, _, _ := strings.Cut(interval, "–")
	if _, of, ok := strings.Cut(figure, " "); ok && !strings.Contains(low, " ") {
		return strings.TrimSuffix(interval, " "+of)
	}
	return interval
}

// against says how a mode stands beside the best one so far.
func (l AnswerLine) against(c AnswerCell) (text string, certain bool) {
	switch {
	case c.Rank == 0 || c.Text == unit.Missing:
		return "", false
	case c.Best:
		for _, other := range l.Cells {
			if other.Rank > 0 && !other.Best && other.Outcome != results.Reversed {
				return "", false
			}
		}
		return "ahead", true
	case c.Outcome == results.CannotTell && c.Factor() != "":
		return c.Factor() + "?", false
	}
	return c.Factor(), true
}
