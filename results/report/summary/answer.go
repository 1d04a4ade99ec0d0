package summary

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// An Answer is the summary of a bench: the figures that its words rest on, and the findings on the
// article.
type Answer struct {
	Question string // the first line: what was asked, of what, and where
	// Unfit says why no figure should be quoted; "" if nothing speaks against the bench as a whole.
	Unfit  string
	Rows   []AnswerRow // of the article's table, and one for poison
	Claims []Claim     // the article's; nil without a pair of modes to compare
	// Matrix has a mark for each claim, pair of modes and workload, below a head; nil for a single
	// pair.
	Matrix [][]string
	Key    string   // what the table's words and signs mean
	Models string   // that Node.js itself was not measured; "" where it was, or the modes are a user's
	Notes  []string // what the answer lacks, one line each
	Trust  string   // how much was measured, and how trustworthy it is
}

// An AnswerRow has a word for each mode, and a line for each workload.
type AnswerRow struct {
	Name string
	// Words are in the order of the settings' modes; "" if the workloads have different words, or
	// none.
	Words []string
	Lines []AnswerLine
}

// An AnswerLine shows one figure of one workload.
type AnswerLine struct {
	Workload, Figure string // hello, CPU
	Load             string // at 64 connections
	Bars             bool   // the figures differ by what a bar can show
	MoreIsBetter     bool
	Cells            []AnswerCell

	at       results.RungKey
	ofServer bool // the load's own limit does not concern the figures
}

// Label names the line.
func (l AnswerLine) Label() string {
	if l.Figure == "" {
		return l.Workload
	}
	return l.Workload + ", " + l.Figure
}

// Most returns the largest figure of the line.
func (l AnswerLine) Most() (most float64) {
	for _, c := range l.Cells {
		most = max(most, c.Value)
	}
	return most
}

// An AnswerCell is a mode's figure, compared with the best one.
type AnswerCell struct {
	Word     string  // if the row has no common word
	Text     string  // the figure with its unit; unit.Missing for none
	Per      string  // what the figure is per, if there is room: " a request"
	Value    float64 // Text as a number
	Spread   Spread  // the interval of Value
	Mark     string  // of a questionable run
	Position         // relative to the best mode
}

// A Spread is the interval of a figure, as numbers and as text.
type Spread struct {
	Low, High float64
	Text      string // "" if both ends read the same
}

// A Position is a mode's place. The zero Position belongs to a mode that was compared with no
// other.
type Position struct {
	Rank int // 1 for modes that no other beats; 0 for none
	Tied bool
	Best bool
	// Outcome compares with the best mode: results.Reversed if behind it, NoDifference, CannotTell;
	// "" for the best itself.
	Outcome   string
	Times     float64 // how many times worse than the best
	Low, High float64
	Of        string // what Times is of, if it is not the line's figure: memory
	Vetoed    bool   // it differs in this figure, and another figure contradicts
}

// Factor returns how many times worse than the best mode: 1.7×, or 1.7× memory; if uncertain, the
// range that is open.
func (p Position) Factor() string {
	switch p.Outcome {
	case results.Reversed:
		return p.times(unit.Rounded(p.Times, 2))
	case results.NoDifference:
		return "same"
	case results.CannotTell:
		if i := p.Interval(); i != "" {
			return p.times(i)
		}
	}
	return ""
}

func (p Position) times(factor string) string {
	if p.Of == "" {
		return factor + "×"
	}
	return factor + "× " + p.Of
}

// Interval returns the factor's interval.
func (p Position) Interval() string {
	if p.Outcome == "" || p.Low <= 0 {
		return ""
	}
	low, high := unit.Rounded(p.Low, 2), unit.Rounded(p.High, 2)
	if low == high { // one round has no more
		return low
	}
	return low + "–" + high
}

// AnswerOf builds the answer of a record.
func AnswerOf(r *results.Record) Answer {
	doubted := countRuns(r)
	a := Answer{Question: question(r), Unfit: unfit(r, doubted), Notes: missing(r), Trust: trust(r, doubted)}
	if article, ok := results.CheckArticle(r); ok {
		a.Claims, a.Matrix, a.Models = claims(article), matrix(article), modelsAlone(r.Settings.Modes, article)
	}
	for _, name := range []string{results.RowExecution, results.RowPerformance, results.RowScalability,
		results.RowIsolation} {
		row := AnswerRow{Name: name}
		for i, w := range r.Settings.Workloads {
			if i >= len(r.Verdicts) {
				break
			}
			s := sheet{r: r.On(w.Name), w: w, v: r.Verdicts[i]}
			for _, f := range s.v.Findings {
				if f.Row == name {
					row.Lines = append(row.Lines, s.answer(f, r.Settings.Modes))
				}
			}
		}
		if len(row.Lines) > 0 {
			row.join(r.Settings.Workloads)
			a.Rows = append(a.Rows, row)
		}
	}
	a.Key = key(r)
	a.Notes = append(a.Notes, loadLimited(r, a.Rows)...)
	return a
}

// modelsAlone says that the modes are this program's models, and what they stand for, if none of
// them is Node.js or a user's server.
func modelsAlone(modes []results.Mode, article results.Article) string {
	for _, m := range modes {
		if m.Server != "" || m.Name == "node" || m.Name == "express" {
			return ""
		}
	}
	loops, threads := article.Group(results.NonBlocking), article.Group(results.Blocking)
	if loops == nil || threads == nil {
		return "These are models in one program. Node.js itself was not measured."
	}
	return fmt.Sprintf(
		"%s %s for the article's traditional backend, and %s for Node.js, which itself was not measured.",
		joinNames(threads), does(threads, "stands", "stand"), joinNames(loops))
}

// join moves a mode's word from the lines to the row if all lines have the same, and keeps one line
// of Execution, because a model does not change with the workload: that of the longest wait.
func (row *AnswerRow) join(workloads []results.Workload) {
	row.Words = make([]string, len(row.Lines[0].Cells))
	for i := range row.Words {
		word := ""
		same := true
		for _, l := range row.Lines {
			if w := l.Cells[i].Word; w != "" {
				same = same && (word == "" || w == word)
				word = w
			}
		}
		if !same {
			continue
		}
		row.Words[i] = word
		for _, l := range row.Lines {
			l.Cells[i].Word = ""
		}
	}
	if row.Name == results.RowExecution && !slices.Contains(row.Words, "") {
		waits := func(l AnswerLine) float64 {
			i := slices.IndexFunc(workloads, func(w results.Workload) bool { return w.Name == l.Workload })
			return workloads[i].WaitUS
		}
		longest := row.Lines[0]
		for _, l := range row.Lines[1:] {
			if waits(l) > waits(longest) {
				longest = l
			}
		}
		row.Lines = []AnswerLine{longest}
	}
}

// answer returns a finding's line, with a cell for each mode of the bench, of which some may not
// serve the workload.
func (s sheet) answer(f results.Finding, modes []results.Mode) AnswerLine {
	line := AnswerLine{Workload: s.w.Name}
	if f.Row == results.RowExecution {
		for _, m := range modes {
			c := AnswerCell{Word: f.Of(m.Name)}
			c.Text, c.Per = inFlight(f, m.Name)
			c.Per = InTerms(s.w, c.Per)
			line.Cells = append(line.Cells, c)
		}
		return line
	}
	on := resting(f)
	at := s.at(f, on)
	line.Figure, line.Bars = InTerms(s.w, on.short), on.bars && len(modes) > 1
	line.at, line.ofServer, line.MoreIsBetter = at, on.ofServer, on.more
	line.Load = InTerms(s.w, underLoad(s.w, results.Comparison{At: at}))
	for _, m := range modes {
		c := AnswerCell{Word: f.Of(m.Name), Text: unit.Missing, Position: positionOf(f, m.Name, on)}
		if e, ok := on.read(s, m.Name, at); ok {
			c.Text, c.Per, c.Value = on.write(e.Value), InTerms(s.w, on.per), e.Value
			c.Spread = spreadOf(e, on.write)
		}
		load, server := Doubted(s.r, s.w, m.Name, at)
		if c.Mark = load; on.ofServer {
			c.Mark = server
		}
		line.Cells = append(line.Cells, c)
	}
	return line
}

// spreadOf returns an estimate's interval. Text is empty if it has one value, or if both ends read
// the same.
func spreadOf(e stat.Estimate, write func(float64) string) Spread {
	s := Spread{Low: e.Low, High: e.High}
	low, high := write(e.Low), write(e.High)
	if e.N < 2 || low == high {
		return s
	}
	s.Text = low + "–" + high
	if from, of, ok := strings.Cut(low, " "); ok && strings.HasSuffix(high, " "+of) {
		s.Text = from + "–" + high
	}
	return s
}

// inFlight returns what held the most concurrent requests of a mode: so many threads, for so many
// requests.
func inFlight(f results.Finding, mode string) (threads, requests string) {
	for _, m := range f.Models {
		if m.Mode != mode || m.Name == "" || len(m.Steps) == 0 {
			continue
		}
		last := m.Steps[len(m.Steps)-1]
		ran := last.ActiveThreads
		if ran == 0 {
			ran = last.Threads
		}
		return unit.Counted(ran, "thread"), " for " + unit.Counted(last.InFlight, "request")
	}
	return unit.Missing, ""
}

// positionOf returns a mode's place on a line that shows the figure on.
func positionOf(f results.Finding, mode string, on shown) Position {
	i := slices.IndexFunc(f.Standings, func(s results.Standing) bool { return s.Mode == mode })
	if i < 0 {
		return Position{}
	}
	s := f.Standings[i]
	p := Position{Rank: 1, Best: s.Best == mode, Times: s.Ratio, Low: s.Low, High: s.High}
	if of := figures[s.Metric].short; of != on.short {
		p.Of = of
	}
	for _, other := range f.Standings {
		if other.Group < s.Group {
			p.Rank++
		}
		p.Tied = p.Tied || other.Group == s.Group && other.Mode != mode
	}
	if p.Best {
		return p
	}
	p.Outcome = results.CannotTell
	for _, c := range f.Comparisons {
		if (c.A == mode && c.B == s.Best || c.B == mode && c.A == s.Best) && c.Rests {
			switch {
			case c.Decides && c.Better == s.Best:
				p.Outcome = results.Reversed
			case c.Same:
				p.Outcome = results.NoDifference
			case c.Better != "":
				p.Vetoed = true
			}
		}
	}
	if p.Outcome == results.CannotTell && s.Group > 1 {
		p.Outcome = results.Reversed // beaten by another one
	}
	return p
}

// shown is the presentation of a figure that words rest on.
type shown struct {
	short    string // in a line's label
	per      string // after the figure, if there is room
	bars     bool
	ofServer bool
	more     bool // is better
	write    func(float64) string
	read     func(s sheet, mode string, at results.RungKey) (stat.Estimate, bool)
}

// at returns the rung from which the figure behind a finding was read.
func (s sheet) at(f results.Finding, on shown) results.RungKey {
	for _, c := range f.Comparisons {
		if (c.Rests || c.Decides) && c.At.Load != "" && figures[c.Metric].short == on.short {
			return c.At
		}
	}
	switch f.Row {
	case results.RowScalability:
		return results.Top(s.w)
	case results.RowIsolation:
		return results.AtAmid
	}
	return results.Base(s.w)
}

// resting returns the figure that most of a row's pairs rest on.
func resting(f results.Finding) shown {
	count, most := map[string]int{}, ""
	for _, c := range f.Comparisons {
		if (c.Rests || c.Decides) && c.Rounds > 0 {
			if count[c.Metric]++; count[c.Metric] > count[most] {
				most = c.Metric
			}
		}
	}
	if on, ok := figures[most]; ok {
		return on
	}
	if f.Row == results.RowPerformance {
		return figures[results.CPUPerRequest.Name]
	}
	return figures[results.P99.Name]
}

// read returns a reader of a figure on one rung.
func read(f results.Figure) func(sheet, string, results.RungKey) (stat.Estimate, bool) {
	return func(s sheet, mode string, at results.RungKey) (stat.Estimate, bool) {
		return s.r.Estimate(s.w.Name, mode, at, f)
	}
}

// across returns a reader of a metric of more than one rung.
func across(metric string) func(sheet, string, results.RungKey) (stat.Estimate, bool) {
	return func(s sheet, mode string, _ results.RungKey) (stat.Estimate, bool) {
		return s.r.Across(s.w, mode, metric)
	}
}

// figures are the figures that words can rest on, by the metric's name.
var figures = map[string]shown{
	results.CPUPerRequest.Name: {"CPU", " a request", true, true, false, unit.Micros, read(results.CPUPerRequest)},
	results.Throughput.Name: {"throughput", "", true, false, true,
		func(v float64) string { return unit.Rate(v) + "/s" }, read(results.Throughput)},
	results.P99.Name:           {"p99", "", true, false, false, unit.Micros, read(results.P99)},
	results.AnsweredShare.Name: {"answered", "", false, false, true, percent, read(results.AnsweredShare)},
	"throughput kept":          {"kept", "", false, false, true, percent, across("throughput kept")},
	"memory per connection": {"memory", " a connection", true, true, false, unit.Bytes,
		across("memory per connection")},
	"threads per connection": {"threads", " a connection", true, true, false, unit.Digits,
		across("threads per connection")},
	"connections held": {"held", " connections", true, false, true, unit.Count[float64], across("connections held")},
}

func percent(share float64) string { return unit.Digits(100*share) + "%" }

// several is the number of modes above which they are counted instead of named.
const several = 3

// question says what was asked, of which modes, and where.
func question(r *results.Record) string {
	var names []string
	for _, m := range r.Settings.Modes {
		names = append(names, m.Name)
	}
	where := "on " + place(r.Host, r.Hosts, r.Settings.Pin.Server)
	switch {
	case len(names) < 2:
		return fmt.Sprintf("%s %s", strings.Join(names, ""), where)
	case len(names) > several:
		return fmt.Sprintf("Was the article right? %s %s", unit.Counted(len(names), "server"), where)
	}
	return fmt.Sprintf("Was the article right? %s %s", joinNames(names), where)
}
