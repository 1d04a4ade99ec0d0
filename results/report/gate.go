package report

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/gate"
	"nodecompare/results/report/summary"
	"nodecompare/results/unit"
)

// outcomeWords are the outcomes as they stand in a table; what is worse than inconclusive is to be seen at a glance.
var outcomeWords = map[string]string{
	gate.Pass: "pass", gate.Inconclusive: "inconclusive", gate.Regressed: "REGRESSED", gate.Invalid: "INVALID", gate.Shown: "shown",
}

var outcomeLooks = map[string]style{
	gate.Pass: good, gate.Inconclusive: lesser, gate.Regressed: bad, gate.Invalid: bad, gate.Shown: plain,
}

var gateHead = []string{"Metric", "Old", "New", "Change", "Outcome"}

// gateRow is a change as a row below gateHead.
func gateRow(c gate.Change) []string {
	return []string{c.Metric, gateFigure(c.Unit, c.Old.Value, c.Old.N), gateFigure(c.Unit, c.New.Value, c.New.N), changed(c), outcomeWords[c.Outcome]}
}

func gateFigure(in string, v float64, n int) string {
	switch {
	case n == 0:
		return unit.Missing
	case in == "requests/s":
		return unit.Rate(v) + "/s"
	case in == "1":
		return unit.Rounded(100*v, 5) + "%" // 99.98% is not 100%
	}
	return unit.Writer(in)(v)
}

// changed is the change and its interval: +9.1% (+7.9 to +10%). Beyond a factor of two in either direction it is the factor.
func changed(c gate.Change) string {
	if c.Ratio == 0 {
		return unit.Missing
	}
	if c.Ratio >= 2 || c.Ratio <= 0.5 {
		return fmt.Sprintf("%sx (%s to %sx)", unit.Digits(c.Ratio), unit.Digits(c.Low), unit.Digits(c.High))
	}
	return fmt.Sprintf("%s%% (%s to %s%%)", unit.More(c.Ratio), unit.More(c.Low), unit.More(c.High))
}

// gatePairs are the changes, gathered by mode and workload.
func gatePairs(g gate.Result) [][]gate.Change {
	var pairs [][]gate.Change
	for i, c := range g.Changes {
		if i == 0 || c.Workload != g.Changes[i-1].Workload || c.Mode != g.Changes[i-1].Mode {
			pairs = append(pairs, nil)
		}
		pairs[len(pairs)-1] = append(pairs[len(pairs)-1], c)
	}
	return pairs
}

// pairLine says what a table is of: "hello, async: CPU per request, throughput, p99 at 64 connections; memory, threads at 1,000".
func pairLine(changes []gate.Change) string {
	var loads []results.At
	metrics := map[results.At][]string{}
	for _, c := range changes {
		if metrics[c.At] == nil {
			loads = append(loads, c.At)
		}
		metrics[c.At] = append(metrics[c.At], c.Metric)
	}
	var parts []string
	for _, at := range loads {
		parts = append(parts, strings.Join(metrics[at], ", ")+" at "+summary.LoadName(at))
	}
	return fmt.Sprintf("%s, %s: %s", changes[0].Workload, changes[0].Mode, strings.Join(parts, "; "))
}

func gateHeading(g gate.Result) string {
	side := func(s gate.Side) string {
		return fmt.Sprintf("%s, %s UTC, %s", s.ToolVersion, s.Started.UTC().Format("2006-01-02 15:04"), unit.Counted(s.Rounds, "round"))
	}
	return fmt.Sprintf("Old: %s. New: %s.", side(g.Old), side(g.New))
}

// gateNotes are what a reader must know beside the figures: the reasons, what else differs, and what the columns mean.
func gateNotes(g gate.Result) []string {
	all := slices.Clone(g.Reasons)
	for _, n := range g.Notes {
		all = append(all, "Note: "+n)
	}
	if slices.ContainsFunc(g.Changes, func(c gate.Change) bool { return c.Relative }) {
		all = append(all, "Old, New: medians as they were measured. Change: with its 95% interval; of CPU per request and throughput it is of what "+
			"they are beside the yardstick's, so that a machine that was slower for a while is no change.")
	}
	return all
}

// gateClosing is the outcome in one sentence, which begins with its word.
func gateClosing(g gate.Result) (word, sentence string) {
	counts := map[string]int{}
	var worse []string
	confirmed := true
	for _, c := range g.Changes {
		counts[c.Outcome]++
		if c.Outcome == gate.Regressed {
			worse = append(worse, fmt.Sprintf("%s on %s, %s %s", c.Mode, c.Workload, c.Metric, changed(c)))
			confirmed = confirmed && c.Confirmed
		}
	}
	of := unit.Counted(len(g.Changes)-counts[gate.Shown], "figure")
	switch g.Outcome {
	case gate.Pass:
		return "PASS", fmt.Sprintf("of %s none became worse by more than it may.", of)
	case gate.Regressed:
		sentence = fmt.Sprintf("%d of %s became worse: %s.", len(worse), of, strings.Join(worse, "; "))
		if !confirmed {
			sentence += " No second run was asked: 'nodecompare bench --baseline' makes one before it says so."
		}
		return "REGRESSED", sentence
	case gate.Inconclusive:
		sentence = fmt.Sprintf("%d of %s may have become worse, or not: this is no pass.", counts[gate.Inconclusive], of)
		if g.MoreRounds > 0 {
			sentence += fmt.Sprintf(" %s of both records would settle it.", unit.Counted(g.MoreRounds, "more round"))
		}
		return "INCONCLUSIVE", sentence
	}
	return "INVALID", "nothing can be concluded from these two records; the reasons are above. This is no pass."
}
