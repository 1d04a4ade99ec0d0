package summary

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// Sentences explain the words in plain language, a sentence a row.
func Sentences(w results.Workload, v results.Verdict) []string {
	var all []string
	for _, f := range v.Findings {
		s := ""
		switch {
		case f.Row == results.RowExecution:
			s = executionSentence(f)
		case len(f.Words) > 1:
			s = rankSentence(w, v, f)
		}
		if s != "" {
			all = append(all, f.Row+": "+s+".")
		}
	}
	return all
}

// executionSentence quotes the classifier's reason for each mode.
func executionSentence(f results.Finding) string {
	parts := make([]string, len(f.Models))
	for i, m := range f.Models {
		parts[i] = m.Mode + ": " + m.Why
	}
	return strings.Join(parts, "; ")
}

// rankSentence compares each beaten mode with one that beat it, and then names the undecided ones.
// If no mode beat another, it says how far apart they can be at most.
func rankSentence(w results.Workload, v results.Verdict, f results.Finding) string {
	var parts []string
	told := map[string]bool{}
	for _, c := range bestFirst(f) {
		if c.Decides && c.Better != "" && !told[c.Worse()] && f.Of(c.Better) == results.High && !loads(f, c).Depends() {
			told[c.Worse()] = true
			parts = append(parts,
				blockingWins(v, c)+advantage(w, c)+because(c)+contraryFigures(w, f, c)+atLightLoad(w, f, c))
		}
	}
	parts = append(parts, dependent(w, f, told)...)
	for _, c := range f.Comparisons {
		if c.Rests && c.Better == "" && !c.Same && f.Of(c.A) == results.High && f.Of(c.B) == results.High {
			parts = append(parts, doubt(w, c)+atLightLoad(w, f, c))
		}
	}
	var unmeasured []string
	for _, word := range f.Words {
		if word.Word != results.CannotTell || told[word.Mode] {
			continue
		}
		told[word.Mode] = true
		if c, ok := undecided(f, word.Mode); ok {
			told[c.A], told[c.B] = told[c.A] || f.Of(c.A) == results.CannotTell, told[c.B] ||
				f.Of(c.B) == results.CannotTell
			parts = append(parts, doubt(w, c)+veto(w, f, c)+atLightLoad(w, f, c))
		} else {
			unmeasured = append(unmeasured, word.Mode)
		}
	}
	if unmeasured != nil {
		parts = append(parts, "cannot tell about "+strings.Join(unmeasured, ", ")+
			": too little was measured of it beside another mode; see what is VOID or FAILED below, and bench again")
	}
	if parts == nil {
		return largestDifferences(f)
	}
	return strings.Join(parts, "; ")
}

// bestFirst returns the comparisons with those against the best mode first, because a mode's factor
// is relative to the best.
func bestFirst(f results.Finding) []results.Comparison {
	best := ""
	if len(f.Standings) > 0 {
		best = f.Standings[0].Best
	}
	other := func(c results.Comparison) int {
		if c.Better == best {
			return 0
		}
		return 1
	}
	return slices.SortedStableFunc(slices.Values(f.Comparisons),
		func(a, b results.Comparison) int { return other(a) - other(b) })
}

// because says why a row rests on memory, which is not the figure that readers expect there.
func because(c results.Comparison) string {
	if c.Rests && c.Metric == "memory per connection" {
		return ", which decides here, as p99 is hardly more than the wait itself"
	}
	return ""
}

// blockingWins says so if the result contradicts the article's table.
func blockingWins(v results.Verdict, c results.Comparison) string {
	for _, f := range v.Findings {
		if f.Row == results.RowExecution && f.Of(c.Better) == results.Blocking &&
			f.Of(c.Worse()) == results.NonBlocking {
			return "here blocking wins: "
		}
	}
	return ""
}

// advantage says in what, and by how much, the better mode is better, with the evidence.
func advantage(w results.Workload, c results.Comparison) string {
	_, ratio, low, high := c.Factors()
	said := strings.Replace(worded(c, true), "…", unit.Digits(ratio)+" times", 1)
	return said + " " + underLoad(w, c) + " (" + evidence(c, low, high) + ")"
}

// underLoad names the load of a comparison.
func underLoad(w results.Workload, c results.Comparison) string {
	switch {
	case c.Light:
		return "at light load"
	case c.At.Load == results.Common:
		return "at the same rate"
	case c.At.Load == results.Amid:
		return "amid the poison"
	case c.Metric == "time to recover":
		return "after an overload"
	case c.At.Load == results.Overload:
		return "in an overload"
	case c.At.Load == results.Own:
		return "at the same share of what each can do"
	case c.Metric == "throughput kept" || strings.HasSuffix(c.Metric, "per connection"):
		return fmt.Sprintf("from %s to %s connections", unit.Count(w.Base), unit.Count(w.Top()))
	case c.Metric == "connections held":
		return "of those that were tried"
	}
	return "at " + unit.Counted(c.At.Connections, "connection")
}

// besideYardstick follows a ratio that is not that of the figures in the table. The legend explains
// it.
const besideYardstick = "against the yardstick"

// level returns the confidence of a comparison's interval, which is higher for the figure that the
// words rest on.
func level(c results.Comparison) string {
	if c.Rests && c.Confidence >= stat.Confidence {
		return fmt.Sprintf("%.0f%%", 100*c.Confidence)
	}
	return Confidence(c.Confidence)
}

// evidence describes the interval of a ratio and its basis.
func evidence(c results.Comparison, low, high float64) string {
	s := fmt.Sprintf("%s interval %s to %s, %s", level(c), unit.Digits(low), unit.Digits(high),
		unit.Counted(c.Rounds, "round"))
	if c.Relative {
		s += ", " + besideYardstick
	}
	return s
}

// contraryFigures names the figures that point the other way, which the single word leaves out.
func contraryFigures(w results.Workload, f results.Finding, decider results.Comparison) string {
	for _, c := range f.Comparisons {
		if c.A == decider.A && c.B == decider.B && !c.Light && c.Better == decider.Worse() && c.Better != "" {
			return ", though " + advantage(w, c)
		}
	}
	return ""
}

// undecided returns the comparison that a mode's word waits for: among its undecided pairs the open
// figure that the fewest rounds would decide, else the figure of a pair that another figure vetoes.
func undecided(f results.Finding, mode string) (open results.Comparison, ok bool) {
	least := 0
	for _, c := range f.Comparisons {
		if c.A != mode && c.B != mode || c.Light || c.Rounds == 0 || c.Better != "" || c.Same || settled(f, c) {
			continue
		}
		needed := c.RoundsToTell()
		if !ok || c.Rests && !open.Rests || c.Rests == open.Rests && c.Rests && needed > 0 &&
			(least == 0 || needed < least) {
			open, ok, least = c, true, needed
		}
	}
	if open.Rests {
		return open, ok
	}
	for _, c := range f.Comparisons {
		if (c.A == mode || c.B == mode) && c.Rests && !c.Decides && results.Vetoing(f.Comparisons, c).Rounds > 0 {
			return c, true
		}
	}
	return open, ok
}

// settled reports whether the two modes of a comparison are decided, whatever this figure leaves
// open, because the words rest on another figure.
func settled(f results.Finding, of results.Comparison) bool {
	return slices.ContainsFunc(f.Comparisons, func(c results.Comparison) bool {
		return c.A == of.A && c.B == of.B && (c.Decides || c.Rests && !of.Rests)
	})
}

// veto says by how much another figure contradicts the one that the words rest on, if one does.
func veto(w results.Workload, f results.Finding, c results.Comparison) string {
	if against := results.Vetoing(f.Comparisons, c); against.Rounds > 0 && (c.Better != "" || c.Same) {
		return ", but " + advantage(w, against)
	}
	return ""
}

// doubt says what is unknown, and what would help.
func doubt(w results.Workload, c results.Comparison) string {
	switch {
	case c.Confidence < stat.Confidence:
		return fmt.Sprintf(
			"cannot tell %s from %s: %s %s too few for a %s interval (--rounds=6, or --profile=standard)",
			c.A, c.B, unit.Counted(c.Rounds, "round"), map[bool]string{true: "is", false: "are"}[c.Rounds == 1],
			Confidence(stat.Confidence))
	case c.Better != "":
		return "cannot tell: " + advantage(w, c)
	case c.Same:
		return fmt.Sprintf("cannot tell: %s of %s and %s is the same %s", c.Metric, c.A, c.B, underLoad(w, c))
	}
	more, _, low, high := c.Factors()
	less := c.A
	if less == more {
		less = c.B
	}
	return fmt.Sprintf("cannot tell %s from %s: %s of %s is %s to %s times that of %s %s (%s), which leaves "+
		"open whether they differ by %s; %s",
		c.A, c.B, c.Metric, more, unit.Digits(low), unit.Digits(high), less, underLoad(w, c), basis(c),
		atLeast(c.Floor), remedy(c))
}

// atLeast writes a floor in words.
func atLeast(floor float64) string {
	if floor >= 1 {
		return "a factor of " + unit.Digits(1+floor)
	}
	return unit.Difference(1 + floor)
}

// remedy says what would decide an open comparison.
func remedy(c results.Comparison) string {
	if n := c.RoundsToTell(); n > c.Rounds {
		return fmt.Sprintf("about %d rounds would tell (--rounds=%d), or fewer on a quieter machine", n, n)
	}
	return "more rounds would not settle it here, a quieter machine may"
}

// basis is evidence without the interval, for sentences that have the interval.
func basis(c results.Comparison) string {
	return fmt.Sprintf("%s interval, %s", level(c), unit.Counted(c.Rounds, "round"))
}

// largestDifferences says, figure by figure, how large a difference can be at most if none was
// found.
func largestDifferences(f results.Finding) string {
	most := map[string]float64{}
	var order []string
	var weakest results.Comparison
	for _, c := range f.Comparisons {
		if c.Rounds == 0 || c.Low <= 0 || c.Light {
			continue
		}
		if !slices.Contains(order, c.Metric) {
			order = append(order, c.Metric)
		}
		if weakest.Rounds == 0 || c.Rounds < weakest.Rounds {
			weakest = c
		}
		most[c.Metric] = max(most[c.Metric], max(c.High, 1/c.Low)-1)
	}
	if order == nil {
		return "no difference was found"
	}
	for i, m := range order {
		order[i] = fmt.Sprintf("%s%% in %s", unit.Rounded(100*most[m], 2), m)
	}
	return fmt.Sprintf("no difference that matters: at most %s (%s)%s", strings.Join(order, ", "),
		basis(weakest), neverAtLightLoad(f))
}
