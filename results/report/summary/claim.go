package summary

import (
	"fmt"
	"math"
	"strings"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// Marks of what was found of an article's claim.
const (
	markAsSaid   = "✓"
	markReversed = "✗"
	markSame     = "="
	markOpen     = "?"
	markDepends  = "~"
)

// markOf maps an outcome to its mark.
var markOf = map[string]string{
	results.AsSaid: markAsSaid, results.Reversed: markReversed, results.NoDifference: markSame,
	results.CannotTell: markOpen, results.Mixed: markDepends, results.DependsOnLoad: markDepends,
}

// A Claim is a row of the article with its finding.
type Claim struct {
	Mark string
	Row  string
	Text string
}

// claims compare each row of the article with the measurements.
func claims(a results.Article) []Claim {
	all := []Claim{executionClaim(a)}
	for _, c := range a.Claims {
		mark, text := pairingsSay(a, c)
		all = append(all, Claim{Mark: mark, Row: c.Row, Text: text})
	}
	return all
}

func executionClaim(a results.Article) Claim {
	c := Claim{Mark: markOpen, Row: results.RowExecution}
	threads, loops := a.Group(results.Blocking), a.Group(results.NonBlocking)
	var rest []string
	for _, word := range []string{results.Mixed, results.CannotTell} {
		rest = append(rest, a.Group(word)...)
	}
	var parts []string
	name := joinNames
	if len(a.Modes) > several { // the ranking names them
		name = func(modes []string) string { return unit.Count(len(modes)) }
	}
	if threads != nil {
		parts = append(parts,
			fmt.Sprintf("%s %s a thread while a request waits", name(threads), does(threads, "holds", "hold")))
	}
	if loops != nil {
		parts = append(parts, fmt.Sprintf("%s %s none", name(loops), does(loops, "holds", "hold")))
	}
	switch {
	case rest != nil:
		parts = append(parts, "undecided: "+joinNames(rest))
	case threads != nil && loops != nil:
		c.Mark = markAsSaid
		parts[0] = "as it says: " + parts[0]
	}
	c.Text = strings.Join(parts, "; ")
	return c
}

func does(names []string, one, several string) string {
	if len(names) == 1 {
		return one
	}
	return several
}

// openings begin the sentence on a claim.
var openings = map[string]string{
	results.AsSaid:       "as it says: ",
	results.Reversed:     "the other way round: ",
	results.NoDifference: "no difference: ",
	results.Mixed:        "it depends: ",
	results.CannotTell:   "undecided: ",
	// The rest of the sentence says which of the two is ahead, and when.
	results.DependsOnLoad: "it depends on the load: ",
}

// pairingsSay returns the finding on a claim, in a sentence with magnitudes.
func pairingsSay(a results.Article, c results.Claim) (mark, text string) {
	loops, threads := a.Group(results.NonBlocking), a.Group(results.Blocking)
	switch {
	case loops == nil:
		return markOpen, "not tested: no mode here was seen to be non-blocking"
	case threads == nil:
		return markOpen, "not tested: no mode here was seen to be blocking"
	}
	outcome := c.Outcome()
	mark, text = markOf[outcome], openings[outcome]
	switch pairs := len(loops) * len(threads); {
	case pairs == 1:
		return mark, text + onePair(c)
	case pairs > several: // the matrix names them
		return mark, text + counted(c)
	case outcome == results.CannotTell: // the modes' own sentences say so
		return mark, manyPairs(loops, c)
	}
	return mark, text + manyPairs(loops, c)
}

// onePair gives the magnitude on each workload. Workloads with the same finding on the same figure
// share a sentence. Of an undecided claim the undecided workloads come first, and the others say
// what they found, so that no decided figure stands behind the word "undecided".
func onePair(c results.Claim) string {
	workloads, open := c.Workloads, c.Outcome() == results.CannotTell
	if open {
		workloads = undecidedFirst(workloads)
	}
	last := ""
	var parts []string
	for _, on := range workloads {
		pairings := on.Pairings
		if len(pairings) == 0 { // it counts as an undecided one, of which nothing was measured
			pairings = []results.Pairing{{Outcome: results.CannotTell}}
		}
		for _, d := range pairings {
			head, magnitude, settle := magnitudeOf(d)
			if open && d.Outcome != results.CannotTell {
				head = openings[d.Outcome] + head
			}
			if n := len(parts); n > 0 && head == last {
				parts[n-1] += ", " + strings.TrimSpace(magnitude+" on "+on.Workload) + settle
			} else {
				parts = append(parts, strings.Replace(head, "…", magnitude, 1)+" on "+on.Workload+settle)
			}
			last = head
		}
	}
	if parts == nil {
		return "nothing was measured of both"
	}
	return strings.Join(parts, "; ")
}

func undecidedFirst(workloads []results.ClaimOn) []results.ClaimOn {
	var open, rest []results.ClaimOn
	for _, on := range workloads {
		if on.Outcome() == results.CannotTell {
			open = append(open, on)
		} else {
			rest = append(rest, on)
		}
	}
	return append(open, rest...)
}

// magnitudeOf splits a pairing's finding: a sentence with a gap, the text for the gap, and what
// would decide it if it is open.
func magnitudeOf(d results.Pairing) (head, magnitude, settle string) {
	c := d.On
	if c.Rounds == 0 {
		return "nothing was measured of both", "", ""
	}
	more, ratio, low, high := c.Factors()
	interval := fmt.Sprintf("(%s–%s)", unit.Rounded(low, 2), unit.Rounded(high, 2))
	switch d.Outcome {
	case results.NoDifference:
		return fmt.Sprintf("%s differs by less than %s", c.Metric, unit.Difference(1+c.Floor)), "", ""
	case results.DependsOnLoad:
		light, times, _ := magnitudeOf(results.Pairing{Outcome: results.AsSaid, On: d.Light})
		if c.Better == "" {
			return "saturated they are the same, at light load " + light, times, ""
		}
		saturated, ratio, _ := magnitudeOf(results.Pairing{Outcome: results.AsSaid, On: c})
		return "saturated " + strings.Replace(saturated, "…", ratio, 1) + ", at light load " + light, times, ""
	case results.CannotTell:
		if d.But.Rounds > 0 && (c.Better != "" || c.Same) {
			outcome := results.AsSaid
			if c.Same {
				outcome = results.NoDifference
			}
			head, magnitude, _ := magnitudeOf(results.Pairing{Outcome: outcome, On: c})
			_, ratio, _, _ := d.But.Factors()
			but := strings.Replace(worded(d.But, false), "…", unit.Rounded(ratio, 2)+" times", 1)
			return head, magnitude, ", but " + but
		}
		settle := ""
		switch n := c.RoundsToTell(); {
		case c.Confidence < stat.Confidence:
			settle = fmt.Sprintf(" in %s, too few", unit.Counted(c.Rounds, "round"))
		case n > c.Rounds:
			settle = fmt.Sprintf("; about %d rounds would tell (--rounds=%d)", n, n)
		}
		return fmt.Sprintf("%s of %s is … that of %s", c.Metric, more, other(c, more)),
			spanned(low, high) + " times", settle
	}
	said := worded(c, false)
	if c.At.Load == results.Closed && c.Metric == results.P99.Name {
		said = "at " + unit.Counted(c.At.Connections, "connection") + " " + said
	}
	return said, unit.Rounded(ratio, 2) + " times " + interval, ""
}

func other(c results.Comparison, mode string) string {
	if c.A == mode {
		return c.B
	}
	return c.A
}

// counted says how many of a claim's pairs had which outcome.
func counted(c results.Claim) string {
	of, all := map[string]int{}, 0
	for _, on := range c.Workloads {
		for _, d := range on.Pairings {
			of[d.Outcome]++
			all++
		}
	}
	var parts []string
	for _, s := range []struct{ outcome, text string }{{results.AsSaid, "as it says"},
		{results.Reversed, "the other way round"}, {results.NoDifference, "the same"},
		{results.DependsOnLoad, "depending on the load"}, {results.CannotTell, "undecided"}} {
		if n := of[s.outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s.text))
		}
	}
	return fmt.Sprintf("of %s ", unit.Counted(all, "pair")) + joinNames(parts)
}

// manyPairs says of each non-blocking mode how it compares with all blocking ones.
func manyPairs(loops []string, c results.Claim) string {
	var order []string
	of := map[string][]string{}
	for _, n := range loops {
		text := againstAll(n, c)
		if text == "" {
			continue // it shares no workload with any of them
		}
		if of[text] == nil {
			order = append(order, text)
		}
		of[text] = append(of[text], n)
	}
	for i, text := range order {
		order[i] = joinNames(of[text]) + " " + does(of[text], "is ", "are ") + text
	}
	return strings.Join(order, "; ")
}

// stands are a mode's possible standings on a workload against all blocking modes, in words.
var stands = []struct{ outcome, text string }{
	{results.AsSaid, "ahead"}, {results.NoDifference, "level"},
	{results.DependsOnLoad, "ahead or behind by the load"},
	{results.Mixed, "ahead of some and behind others"}, {results.Reversed, "behind"}, {results.CannotTell, "undecided"},
}

func againstAll(mode string, c results.Claim) string {
	on, by := map[string][]string{}, map[string][]results.Pairing{}
	n := 0
	for _, w := range c.Workloads {
		var pairings []results.Pairing
		for _, d := range w.Pairings {
			if d.NonBlocking == mode {
				pairings = append(pairings, d)
			}
		}
		if len(pairings) > 0 {
			n++
			outcome := results.ClaimOn{Pairings: pairings}.Outcome()
			on[outcome], by[outcome] = append(on[outcome], w.Workload), append(by[outcome], pairings...)
		}
	}
	var parts []string
	for _, s := range stands {
		switch names := on[s.outcome]; {
		case names == nil:
		case len(names) == n && n > 1:
			return fmt.Sprintf("%s on all %d%s", s.text, n, factors(s.outcome, by[s.outcome]))
		default:
			parts = append(parts, s.text+" on "+joinNames(names)+factors(s.outcome, by[s.outcome]))
		}
	}
	return strings.Join(parts, ", ")
}

// factors returns the smallest and the largest factor of pairings with one winner, or for undecided
// ones of their intervals.
func factors(outcome string, pairings []results.Pairing) string {
	least, most := math.Inf(1), 0.0
	for _, d := range pairings {
		_, ratio, low, high := d.On.Factors()
		switch {
		case d.On.Rounds == 0 || d.On.Confidence < stat.Confidence:
		case outcome == results.AsSaid || outcome == results.Reversed:
			least, most = min(least, ratio), max(most, ratio)
		case outcome == results.CannotTell:
			least, most = min(least, low), max(most, high)
		}
	}
	switch low, high := unit.Rounded(least, 2), unit.Rounded(most, 2); {
	case most == 0:
		return ""
	case low == high:
		return " (" + high + "×)"
	default:
		return " (" + low + "× to " + high + "×)"
	}
}

// Legend explains the marks.
const Legend = markAsSaid + " as it says, " + markReversed + " the other way round, " + markSame +
	" no difference, " + markOpen + " undecided, " + markDepends + " depends"

// matrix returns a row for each pair of a non-blocking and a blocking mode, and a column for each
// workload, with a mark for each claim. It returns nil for a single pair.
func matrix(a results.Article) [][]string {
	loops, threads := a.Group(results.NonBlocking), a.Group(results.Blocking)
	if len(loops)*len(threads) < 2 {
		return nil
	}
	var claims []string
	for _, c := range a.Claims {
		claims = append(claims, strings.ToLower(c.Row))
	}
	rows := [][]string{append([]string{strings.Join(claims, ", ")}, a.Workloads...)}
	for _, n := range loops {
		for _, b := range threads {
			row := []string{n + " – " + b}
			for i := range a.Workloads {
				marks := ""
				for _, c := range a.Claims {
					marks += markOn(c.Workloads[i], n, b)
				}
				row = append(row, marks)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func markOn(on results.ClaimOn, nonBlocking, blocking string) string {
	for _, d := range on.Pairings {
		if d.NonBlocking == nonBlocking && d.Blocking == blocking {
			return markOf[d.Outcome]
		}
	}
	return unit.Missing
}

// spanned writes a range, and one figure if both ends are written alike.
func spanned(low, high float64) string {
	least, most := unit.Rounded(low, 2), unit.Rounded(high, 2)
	if least == most {
		return least
	}
	return least + " to " + most
}
