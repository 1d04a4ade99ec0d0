package html

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/report/summary"
	"nodecompare/results/unit"
)

// answer is the first screen: what the article's claims came to, each with a plot, and the ranking.
type answer struct {
	summary.Answer
	Asked     string // above the title; "" where the title is the question
	Title     string
	Claims    []claimPart
	Workloads []string // to choose from, for the plots
	Rankings  []ranking
	Legend    string // of Matrix
	Reads     string // what points, bars and factors are
}

// claimPart is a claim with the plots below it.
type claimPart struct {
	summary.Claim
	Says  string
	Views []string // the names of its plots, as the script knows them
}

// claimView is what the claims' plots show of a workload: a figure of its own, bars, and figures of
// the workload's part.
type claimView struct {
	Model *figure `json:"model,omitempty"`
	Bars  []bars  `json:"bars,omitempty"`
	Part  string  `json:"part"`
}

// bars are a figure of each mode, with its interval.
type bars struct {
	Title string   `json:"title"`
	At    string   `json:"at"`             // the load
	More  bool     `json:"more,omitempty"` // is better
	Rows  []barRow `json:"rows"`
}

type barRow struct {
	Mode  int        `json:"mode"`
	Text  string     `json:"text"`
	Range string     `json:"range,omitempty"`
	Value plotNumber `json:"value"`
	Low   plotNumber `json:"low"`
	High  plotNumber `json:"high"`
}

// ranking has the modes of each workload side by side, from the best to the worst.
type ranking struct {
	Name  string
	Lines []rankLine
}

type rankLine struct {
	Workload, Figure string
	Cells            []rankCell
}

// rankCell is a mode's place. Joined says that it shares the place with the mode before.
type rankCell struct {
	summary.AnswerCell
	Mode   styledMode
	Place  string
	Joined bool
	Share  float64 // of the largest figure, in per cent
}

// claimViews are the plots of each claim.
var claimViews = map[string][]string{
	results.RowExecution:   {"model"},
	results.RowPerformance: {"bars"},
	results.RowScalability: {"p99", "throughput"},
}

func answerOf(r *results.Record) answer {
	a := answer{Answer: summary.AnswerOf(r)}
	a.Title, a.Asked = summary.Headline(a.Answer.Claims, a.Models != ""), a.Question
	switch {
	case r.Settings.Null:
		a.Title, a.Asked = "One mode, measured against itself", strings.Join(modeNames(r), " and ")
	case a.Title == "":
		a.Title, a.Asked = a.Question, ""
	}
	for _, row := range []string{results.RowExecution, results.RowPerformance, results.RowScalability} {
		c := claimPart{Claim: summary.Claim{Row: row}, Views: claimViews[row]}
		for _, found := range a.Answer.Claims {
			if found.Row == row {
				c.Claim, c.Says = found, summary.Says(row)
			}
		}
		a.Claims = append(a.Claims, c)
	}
	for i, w := range r.Settings.Workloads {
		if i < len(r.Verdicts) {
			a.Workloads = append(a.Workloads, w.Name)
		}
	}
	modes := styledModes(r)
	for _, row := range a.Rows {
		if row.Name != results.RowExecution && len(modes) > 1 && !r.Settings.Null {
			a.Rankings = append(a.Rankings, rankingOf(row, modes))
		}
	}
	if a.Matrix != nil {
		a.Legend = summary.Legend
	}
	a.Reads = summary.Spreads(r)
	return a
}

func rankingOf(row summary.AnswerRow, modes []styledMode) ranking {
	of := ranking{Name: row.Name}
	for _, l := range row.Lines {
		line := rankLine{Workload: l.Workload, Figure: l.Figure}
		last := 0
		for _, i := range l.Ranked() {
			c := rankCell{AnswerCell: l.Cells[i], Mode: modes[i], Place: unit.Missing}
			if c.Rank > 0 {
				c.Place, c.Joined = fmt.Sprint(c.Rank), c.Rank == last
				last = c.Rank
			}
			if l.Bars && l.Most() > 0 {
				c.Share = 100 * c.Value / l.Most()
			}
			line.Cells = append(line.Cells, c)
		}
		of.Lines = append(of.Lines, line)
	}
	return of
}

// claimViewOf is what the claims' plots show of a workload.
func (a answer) claimViewOf(r *results.Record, w results.Workload, v results.Verdict, part string) claimView {
	view := claimView{Part: part}
	if f, ok := modelFigure(r, w, v, part); ok {
		view.Model = &f
	}
	for _, row := range a.Rows {
		for _, l := range row.Lines {
			if l.Workload == w.Name && (row.Name == results.RowPerformance || row.Name == results.RowIsolation) {
				view.Bars = append(view.Bars, barsOf(l))
			}
		}
	}
	return view
}

func barsOf(l summary.AnswerLine) bars {
	of := bars{Title: l.Figure, At: l.Load, More: l.MoreIsBetter}
	if i := slices.IndexFunc(l.Cells, func(c summary.AnswerCell) bool { return c.Per != "" }); i >= 0 {
		of.Title += strings.Replace(l.Cells[i].Per, " a ", " per ", 1)
	}
	for _, i := range l.Ranked() {
		c := l.Cells[i]
		b := barRow{Mode: i, Text: c.Text + c.Mark, Range: c.Spread.Text, Value: plotNumber(c.Value),
			Low: plotNumber(c.Spread.Low), High: plotNumber(c.Spread.High)}
		of.Rows = append(of.Rows, b)
	}
	return of
}

// modelFigure draws which threads ran while more and more requests were in flight.
func modelFigure(r *results.Record, w results.Workload, v results.Verdict, id string) (figure, bool) {
	f := figure{
		ID: id + "-model", Title: "Threads", Unit: "threads that ran", XAxis: summary.InTerms(w, "requests in flight"),
		Label: "Threads that ran, by requests in flight.",
		Plot:  plot{X: plotAxis{Kind: "count", Log: true}, Y: plotAxis{Kind: "count", Log: true}},
	}
	for _, finding := range v.Findings {
		for _, m := range finding.Models {
			i := modeIndex(r, m.Mode)
			s := plotLine{Mode: i, Line: true, Marks: true}
			for _, step := range m.Steps {
				ran := step.ActiveThreads
				if ran == 0 {
					ran = step.Threads
				}
				if ran > 0 && step.InFlight > 0 {
					s.X, s.Y = append(s.X, plotNumber(step.InFlight)), append(s.Y, plotNumber(ran))
				}
			}
			if i < 0 || len(s.X) == 0 {
				continue
			}
			f.Plot.Series, f.Modes = append(f.Plot.Series, s), append(f.Modes, i)
			last := len(s.X) - 1
			f.Label += fmt.Sprintf(" %s: %s for %s.", m.Mode, unit.Counted(float64(s.Y[last]), "thread"),
				unit.Counted(float64(s.X[last]), "request"))
		}
	}
	return f, len(f.Plot.Series) > 0
}
