// Package gate compares a new record with an old one: did anything become worse?
package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nodecompare/results"
	"nodecompare/results/stat"
)

// Outcomes of a gate, from good to bad.
const (
	Pass         = "pass"
	Inconclusive = "inconclusive"
	Regressed    = "regressed"
	Invalid      = "invalid"
)

// Shown is the outcome of a change that decides nothing.
const Shown = "shown"

// Result is the comparison of a new record with an old one.
type Result struct {
	Outcome string   `json:"outcome"` // Invalid, or the worst of the changes'
	Old     Side     `json:"old"`
	New     Side     `json:"new"`
	Reasons []string `json:"reasons"` // why and what to do, unless Pass; never nil
	// Notes lists other differences between the records, which decide nothing; never nil.
	Notes []string `json:"notes"`
	// MoreRounds of both records would decide what is inconclusive; 0 for none, or for more than
	// 100.
	MoreRounds int `json:"more_rounds,omitempty"`
	// Changes holds only failures if the records cannot be compared; never nil.
	Changes []Change `json:"changes"`

	// ReplacesOld says that the new record may be the next baseline: see Replaces.
	ReplacesOld bool `json:"replaces_old"`

	Unfit []string `json:"-"` // the Reasons why the records cannot be compared
}

// Side is one of the two records.
type Side struct {
	ToolVersion string    `json:"tool_version"`
	Started     time.Time `json:"started"`
	Rounds      int       `json:"rounds"`
}

// Pair is a mode on a workload.
type Pair struct {
	Workload string `json:"workload"`
	Mode     string `json:"mode"`
}

// Change is one figure of one mode on one workload, old and new.
type Change struct {
	Workload     string          `json:"workload"`
	Mode         string          `json:"mode"`
	Metric       string          `json:"metric"`
	At           results.RungKey `json:"at"`
	Unit         string          `json:"unit"` // of Old and New: us, requests/s, bytes, threads, 1
	LessIsBetter bool            `json:"less_is_better"`
	Old          stat.Estimate   `json:"old"`
	New          stat.Estimate   `json:"new"`
	// Relative says that Ratio compares figures over the yardstick's, and is not simply New over
	// Old.
	Relative bool `json:"relative"`
	// Scaled is New on a machine where the yardstick is as fast as in the old record.
	Scaled      float64 `json:"new_scaled,omitempty"`
	Ratio       float64 `json:"ratio"` // new over old; 0 with too few trials
	Low         float64 `json:"low"`   // ends of its interval
	High        float64 `json:"high"`
	Uncorrected float64 `json:"p_uncorrected"` // probability that chance alone is as bad
	P           float64 `json:"p"`             // Uncorrected, corrected for the number of changes
	Floor       float64 `json:"floor"`         // smallest regression, e.g. 0.05
	Margin      float64 `json:"margin"`        // largest loss that passes, e.g. 0.10
	Outcome     string  `json:"outcome"`
	Confirmed   bool    `json:"confirmed"` // by a second run
	// why it was not judged, or the second run's result
	Reason     string `json:"reason,omitempty"`
	MoreRounds int    `json:"more_rounds,omitempty"`

	// Bound says why the change decides nothing: the load generator, or the database, was at its
	// limit.
	Bound string `json:"bound,omitempty"`

	// watched marks a metric for alarms only: a change too unsteady to tell is merely shown.
	watched bool
	// other is the change by the measure that was not taken, where there are two.
	other *Change
	// alone says that a record has no yardstick beside the figure, though it could have.
	alone bool
}

// Compare compares a new record with an old one, by the rules of docs/gate.md. Compare changes
// neither record and ignores a second run: see Confirm.
func Compare(old, newer *results.Record) Result {
	g := Result{Old: side(old), New: side(newer), Unfit: incomparable(old, newer), Changes: []Change{}}
	g.Notes = differences(old, newer)
	for _, w := range newer.Settings.Workloads {
		for _, m := range newer.Settings.Modes {
			if measured(old, w.Name, m.Name) && measured(newer, w.Name, m.Name) {
				g.compare(w, m.Name, old.Trials, newer.Trials)
			}
		}
	}
	if len(g.Unfit) > 0 {
		g.Changes = slices.DeleteFunc(g.Changes, func(c Change) bool { return !c.failed() })
		g.conclude()
		return g
	}
	correct(g.Changes)
	itself := same(old, newer)
	for i := range g.Changes {
		c := &g.Changes[i]
		c.judge()
		if itself && c.Outcome == Inconclusive {
			c.Outcome, c.Reason, c.MoreRounds = Pass, "", 0
		}
	}
	g.conclude()
	g.Notes = append(g.Notes, reasonsOf(g.Changes, func(c Change) bool { return c.Outcome == Shown })...)
	return g
}

// compare adds the changes of every metric of a mode on a workload. Metrics of one rung count once.
func (g *Result) compare(w results.Workload, mode string, old, newer []results.Trial) {
	began := len(g.Changes)
	for _, metric := range Metrics {
		c, ok := metric.between(w, mode, old, newer)
		if ok && !slices.ContainsFunc(g.Changes[began:],
			func(o Change) bool { return o.Metric == c.Metric && o.At == c.At }) {
			g.Changes = append(g.Changes, c)
		}
	}
	g.Changes = append(g.Changes, failures(w.Name, mode, old, newer))
}

func side(r *results.Record) Side { return Side{r.ToolVersion, r.Started, r.Settings.Rounds} }

// measured reports whether a mode and a workload were both part of the bench.
func measured(r *results.Record, workload, mode string) bool {
	return !r.Settings.Lacks(workload, mode) && slices.ContainsFunc(r.Settings.Workloads,
		func(w results.Workload) bool { return w.Name == workload }) &&
		slices.ContainsFunc(r.Settings.Modes, func(m results.Mode) bool { return m.Name == mode })
}

// conclude derives the gate's outcome from its changes.
func (g *Result) conclude() {
	g.Outcome, g.MoreRounds = Pass, 0
	has := map[string]bool{}
	var unsure []int // further rounds that each change with no other remedy takes
	settles := true
	for _, c := range g.Changes {
		has[c.Outcome] = true
		if c.Outcome != Inconclusive {
			continue
		}
		settles = settles && c.MoreRounds > 0
		g.MoreRounds = max(g.MoreRounds, c.MoreRounds)
		if c.Reason == "" {
			unsure = append(unsure, c.MoreRounds)
		}
	}
	for _, outcome := range []string{Inconclusive, Regressed, Invalid} {
		if has[outcome] {
			g.Outcome = outcome
		}
	}
	if len(g.Unfit) > 0 {
		g.Outcome = Invalid
	}
	if slices.ContainsFunc(g.Changes, Change.failed) {
		g.Outcome = Regressed
	}
	g.Reasons = append(reasonsOf(g.Changes, func(c Change) bool {
		return c.Outcome != Pass && c.Outcome != Shown
	}), g.Unfit...)
	if len(unsure) > 0 {
		g.Reasons = append(g.Reasons, tooUnsure(unsure))
	}
	if !settles {
		g.MoreRounds = 0
	}
}

// reasonsOf returns the reasons of the selected changes, each once, after the names of what it
// concerns.
func reasonsOf(changes []Change, some func(Change) bool) []string {
	about := map[string][]string{}
	var order []string
	for _, c := range changes {
		if c.Reason == "" || !some(c) {
			continue
		}
		if about[c.Reason] == nil {
			order = append(order, c.Reason)
		}
		if s := c.Mode + " on " + c.Workload; !slices.Contains(about[c.Reason], s) {
			about[c.Reason] = append(about[c.Reason], s)
		}
	}
	reasons := []string{}
	for _, reason := range order {
		reasons = append(reasons, strings.Join(about[reason], ", ")+": "+reason)
	}
	return reasons
}

func tooUnsure(more []int) string {
	figures := "1 figure is inconclusive: its interval reaches"
	if len(more) > 1 {
		figures = fmt.Sprintf("%d figures are inconclusive: their intervals reach", len(more))
	}
	todo := fmt.Sprintf("not even %d more rounds of both records would settle that: stop what else runs on "+
		"the machine, and bench again", mostRounds)
	if slices.Min(more) > 0 {
		todo = fmt.Sprintf("about %d more rounds of both records would settle that", slices.Max(more))
	}
	return fmt.Sprintf("%s beyond what may be lost; %s", figures, todo)
}
