package gate

import (
	"fmt"
	"slices"

	"nodecompare/results"
)

// Suspects returns the modes and workloads with a figure that regressed or may have, to be run
// again into Record.Again of the new record, with round numbers that continue. Suspects returns
// none if the outcome does not depend on them.
func (g Result) Suspects() []Pair {
	if g.Outcome == Invalid || slices.ContainsFunc(g.Changes, Change.failed) {
		return nil
	}
	var pairs []Pair
	for _, c := range g.Changes {
		if p := (Pair{c.Workload, c.Mode}); c.suspect() && !slices.Contains(pairs, p) {
			pairs = append(pairs, p)
		}
	}
	return pairs
}

// Confirm checks each suspect change against the second run (newer.Again) and returns the resulting
// gate. A change has regressed if the second run says so by itself, with its centre at least at the
// floor and its P, corrected for the number of suspects, below 5%, and both runs together stay away
// from "no change". Where the runs took the figure by different measures, the second says so by
// both. Otherwise it passes or is inconclusive. Changes that were not run again stay as they were.
func Confirm(g Result, old, newer *results.Record) Result {
	failed := slices.ContainsFunc(g.Changes, Change.failed)
	if g.Outcome == Invalid || failed && len(g.Unfit) > 0 {
		return g
	}
	g.Changes = slices.Clone(g.Changes)
	for i, c := range g.Changes {
		if c.Metric == Failures {
			g.Changes[i] = failures(c.Workload, c.Mode, old.Trials, slices.Concat(newer.Trials, newer.Again))
		}
	}
	var again, others []Change // the second run by the measure that it took, and by the other
	var of []*Change
	for i := range g.Changes {
		c := &g.Changes[i]
		if !c.suspect() ||
			!slices.ContainsFunc(newer.Again, func(t results.Trial) bool {
				return t.Workload == c.Workload && t.Mode == c.Mode
			}) {
			continue
		}
		if a, ok := c.between(old, newer, newer.Again); ok {
			again, of = append(again, a), append(of, c)
			if a.other != nil {
				a = *a.other
			}
			others = append(others, a)
		}
	}
	correct(again)
	correct(others)
	for i, c := range of {
		both, _ := c.between(old, newer, slices.Concat(newer.Trials, newer.Again))
		c.confirm(again[i], others[i], both)
	}
	g.conclude()
	g.Notes = append(slices.Clone(g.Notes), reasonsOf(g.Changes, func(c Change) bool { return c.Outcome == Pass })...)
	return g
}

// between compares the change's figure between the old record's trials and the given trials of the
// new one.
func (c Change) between(old, newer *results.Record, trials []results.Trial) (again Change, ok bool) {
	for _, m := range Metrics {
		for _, w := range newer.Settings.Workloads {
			if w.Name == c.Workload && m.Name == c.Metric && m.at(w) == c.At {
				return m.between(w, c.Mode, old.Trials, trials)
			}
		}
	}
	return Change{}, false
}

// confirm decides a suspect, and makes it show what both runs say.
func (c *Change) confirm(again, other, both Change) {
	seemed := c.Metric + " seemed to have regressed"
	if again.Outcome != "" || again.alone != c.alone {
		why := fmt.Sprintf("has too few usable trials to tell: at least %d are needed", leastTrials)
		if again.Outcome == Shown {
			why = "does not tell: " + again.Reason
		}
		c.Outcome, c.MoreRounds = Inconclusive, 0
		c.Reason = fmt.Sprintf("%s, and the second run %s; bench it again", seemed, why)
		return
	}
	runs := fmt.Sprintf("first %s, then %s; the figures are of both runs", c.InWords(), again.InWords())
	asBefore := again.Relative == c.Relative
	*c = both
	c.P = again.P
	switch {
	case again.regresses(clearlyTwice) && again.P < chance && both.regresses(clearlyTwice) &&
		(asBefore || other.regresses(clearlyTwice) && other.P < chance):
		c.Outcome, c.Confirmed = Regressed, true
		c.Reason = fmt.Sprintf("%s regressed, and a second run confirmed it: %s", c.Metric, runs)
	case both.passes():
		c.Outcome = Pass
		c.Reason = fmt.Sprintf("%s, and a second run did not confirm it: %s", seemed, runs)
	default:
		c.Outcome, c.MoreRounds = Inconclusive, both.moreRounds()
		c.Reason = fmt.Sprintf("%s, and a second run could not confirm it: %s", seemed, runs)
		if c.MoreRounds > 0 {
			c.Reason += fmt.Sprintf("; about %d more rounds would settle it", c.MoreRounds)
		}
	}
}
