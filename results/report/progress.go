package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nodecompare/results"
	"nodecompare/results/report/summary"
	"nodecompare/results/unit"
)

// BenchStatus is what a bench in progress is doing.
type BenchStatus struct {
	Doing         string        // in words
	Workload      string        // the one that is measured; "" for none
	Elapsed, Left time.Duration // Left is 0 if it is not known
	Share         float64       // of the time that is over
}

// BenchFound is what a bench in progress has found so far.
type BenchFound struct {
	standings []summary.Standings
	execution summary.AnswerRow
	settings  results.Settings
	runs      int
	suspect   map[string]int // runs by the rule that doubts them
}

// FoundBy reads what a record says so far, by its trials and their verdicts.
func FoundBy(r *results.Record) BenchFound {
	f := BenchFound{settings: r.Settings, suspect: map[string]int{}}
	f.standings, f.execution = summary.StandingsOf(r)
	for _, t := range slices.Concat(r.Trials, r.Extra) {
		for _, rung := range t.Rungs {
			f.runs++
			if rung.Trust != nil && rung.Trust.Status != results.Valid {
				for _, rule := range rung.Trust.Rules {
					f.suspect[rule]++
				}
			}
		}
	}
	return f
}

// Lines are a bench in progress in at most so many lines. Where there is no room for all workloads,
// the one that is measured comes first.
func (f BenchFound) Lines(s BenchStatus, rows int, o Options) []string {
	var text strings.Builder
	p := newPage(&text, o)
	lines := func() []string {
		defer text.Reset()
		return strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	}
	took := unit.Elapsed(s.Elapsed, s.Left)
	room := p.width - columnsOf(took) - 1
	p.line(p.paint(strong, cut(s.Doing, p.width)))
	p.line(padded(bar(s.Share, 1, room), room) + " " + took)
	all := lines()
	p.executionSoFar(f)
	if s := f.suspects(); s != "" {
		p.line(p.paint(lesser, cut(s, p.width)))
	}
	var foot []string
	if text.Len() > 0 {
		foot = lines()
	}
	left := rows - len(all) - len(foot) - 1 // the last for what there is no room for
	order := slices.Clone(f.standings)
	slices.SortStableFunc(order, func(x, y summary.Standings) int {
		return now(y.Workload == s.Workload) - now(x.Workload == s.Workload)
	})
	shown, hidden := map[string][]string{}, 0
	for _, w := range order {
		p.standings(w, f.settings.Rounds)
		if made := lines(); len(made) <= left || len(order) == 1 {
			shown[w.Workload] = made
			left -= len(made)
		} else {
			hidden++
		}
	}
	for _, w := range f.standings {
		all = append(all, shown[w.Workload]...)
	}
	if hidden > 0 {
		all = append(all, cut(fmt.Sprintf("… and %s more", unit.Counted(hidden, "workload")), p.width))
	}
	all = append(all, foot...)
	return all[:min(len(all), rows)]
}

func now(is bool) int {
	if is {
		return 1
	}
	return 0
}

// suspects says how many of the runs are doubted, and by which rules.
func (f BenchFound) suspects() string {
	rules := slices.SortedFunc(maps.Keys(f.suspect), func(a, b string) int {
		return cmp.Or(f.suspect[b]-f.suspect[a], strings.Compare(a, b))
	})
	if rules == nil {
		return ""
	}
	for i, rule := range rules {
		rules[i] = fmt.Sprintf("%s in %s", rule, unit.Count(f.suspect[rule]))
	}
	return fmt.Sprintf("%s SUSPECT, of %s: %s", summary.Mark, unit.Counted(f.runs, "run"), strings.Join(rules, ", "))
}

// executionSoFar writes the article's first row, as far as it is known.
func (p *page) executionSoFar(f BenchFound) {
	var parts []string
	for i, word := range f.execution.Words {
		if word != "" && word != results.CannotTell {
			parts = append(parts, f.settings.Modes[i].Name+" "+p.paint(p.looks[word], word))
		}
	}
	if parts != nil {
		p.line(cutPainted(p.paint(strong, results.RowExecution)+"  "+strings.Join(parts, ", "), p.width))
	}
}

// cutPainted is cut for text with looks: without room it loses them.
func cutPainted(text string, width int) string {
	if columnsOf(text) <= width {
		return text
	}
	return cut(unpainted.Replace(text), width)
}

var unpainted = strings.NewReplacer(string(strong), "", string(good), "", string(lesser), "", string(bad), "",
	unstyled, "")

// standings writes a workload's rows: a mode, its trials, and for each figure the median so far
// with its interval, and how it stands beside the best.
func (p *page) standings(s summary.Standings, rounds int) {
	name := columnsOf(s.Workload)
	for _, r := range s.Rows {
		name = max(name, min(columnsOf(r.Mode), longestName)+1)
	}
	done := columnsOf(doneOf(summary.StandingRow{Trials: rounds}, rounds))
	for _, parts := range []int{allOfCell, noRange, figureOnly} {
		widths, total := cellWidths(s, parts), name+1+done
		for i, w := range widths {
			widths[i] = max(w, columnsOf(s.Figures[i]))
			total += 2 + widths[i]
		}
		if total <= p.width {
			p.standingsTable(s, parts, name, done, widths, rounds)
			return
		}
	}
	p.standingsList(s, rounds)
}

// What of a cell is shown.
const (
	allOfCell = iota
	noRange
	figureOnly
)

func cellWidths(s summary.Standings, parts int) []int {
	widths := make([]int, len(s.Figures))
	text, spread, against := columnParts(s, parts)
	for i := range widths {
		widths[i] = text[i] + spread[i] + against[i]
	}
	return widths
}

// columnParts returns the widths of a column's figures, intervals and standings, each but the first
// with its space.
func columnParts(s summary.Standings, parts int) (text, spread, against []int) {
	text, spread, against = make([]int, len(s.Figures)), make([]int, len(s.Figures)), make([]int, len(s.Figures))
	for _, r := range s.Rows {
		for i, c := range r.Cells {
			text[i] = max(text[i], columnsOf(c.Text))
			if c.Range != "" && parts == allOfCell {
				spread[i] = max(spread[i], columnsOf(c.Range)+len(" ()"))
			}
			if c.Against != "" && parts != figureOnly {
				against[i] = max(against[i], columnsOf(c.Against)+1)
			}
		}
	}
	return text, spread, against
}

func (p *page) standingsTable(s summary.Standings, parts, name, done int, widths []int, rounds int) {
	head := p.paint(strong, padded(s.Workload, name)) + spaces(1+done)
	for i, f := range s.Figures {
		head += "  " + padded(f, widths[i])
	}
	p.line(strings.TrimRight(head, " "))
	text, spread, against := columnParts(s, parts)
	for _, r := range s.Rows {
		line := padded(" "+cut(r.Mode, longestName), name) + " " + p.doneColumn(r, rounds, done)
		for i, c := range r.Cells {
			cell := spaces(text[i]-columnsOf(c.Text)) + c.Text
			between := ""
			if c.Range != "" && spread[i] > 0 {
				between = " (" + c.Range + ")"
			}
			cell += padded(between, spread[i])
			if against[i] > 0 {
				cell += spaces(against[i]-columnsOf(c.Against)) + p.standingLook(c)
			}
			line += "  " + padded(cell, widths[i])
		}
		p.line(strings.TrimRight(line, " "))
	}
}

// standingsList writes a figure a line, where there is no room for columns.
func (p *page) standingsList(s summary.Standings, rounds int) {
	p.line(p.paint(strong, s.Workload))
	for _, r := range s.Rows {
		p.line(" " + cut(r.Mode, longestName) + " " + p.doneColumn(r, rounds, 0))
		for i, c := range r.Cells {
			if c.Text == unit.Missing {
				continue
			}
			_, figure, _ := strings.Cut(s.Figures[i], ": ")
			line := "  " + figure + ": " + c.Text
			if c.Range != "" {
				line += " (" + c.Range + ")"
			}
			if c.Against != "" {
				line += " " + p.standingLook(c)
			}
			p.line(cutPainted(line, p.width))
		}
	}
}

// standingLook has what is certain stand out.
func (p *page) standingLook(c summary.StandingCell) string {
	switch {
	case !c.Certain:
		return c.Against
	case c.Against == "ahead":
		return p.paint(good, c.Against)
	}
	return p.paint(strong, c.Against)
}

// doneColumn says how many trials of a mode there are.
func (p *page) doneColumn(r summary.StandingRow, rounds, width int) string {
	text := doneOf(r, rounds)
	if r.Failed {
		return p.paint(bad, "FAILED") + spaces(width-len("FAILED"))
	}
	return spaces(width-columnsOf(text)) + text
}

// doneOf writes trials: 3/6, and 9 where there are more than were planned.
func doneOf(r summary.StandingRow, rounds int) string {
	if r.Trials > rounds {
		return unit.Count(r.Trials)
	}
	return fmt.Sprintf("%d/%d", r.Trials, rounds)
}
