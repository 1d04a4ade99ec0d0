package summary

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// SelftestWords are the verdicts as written in a table. Failures stand out.
var SelftestWords = map[string]string{results.SelftestOK: "ok", results.SelftestNoisy: "NOISY",
	results.SelftestWrong: "WRONG"}

// SelftestHead heads the columns after the engine's.
var SelftestHead = []string{"Known answer", "Truth", "Measured", "Uncorrected", "Error", "Verdict"}

// SelftestRow returns a check as a row below SelftestHead.
func SelftestRow(c results.SelftestCheck) []string {
	write, truth, off := unit.Count[float64], "", unit.Missing
	switch c.Unit {
	case "us":
		write = unit.FineMicros
	case "requests/s":
		truth = "≥ "
	}
	if c.Truth > 0 && c.Unit != "requests/s" {
		off = unit.Deviation((c.Measured - c.Truth) / c.Truth)
	}
	uncorrected := ""
	if c.Uncorrected != nil {
		uncorrected = write(*c.Uncorrected)
	}
	name := c.Load
	if c.Figure != "rate" {
		name += ": " + c.Figure
	}
	return []string{name, truth + write(c.Truth), write(c.Measured), uncorrected, off, SelftestWords[c.Verdict]}
}

// SelftestWorst returns the check that is farthest from right: by its verdict, then by its error as
// a share of what is allowed.
func SelftestWorst(checks []results.SelftestCheck) results.SelftestCheck {
	rank := map[string]int{results.SelftestOK: 0, results.SelftestNoisy: 1, results.SelftestWrong: 2}
	share := func(c results.SelftestCheck) float64 {
		if c.Allowed <= 0 {
			return 0
		}
		return math.Abs(c.Measured-c.Truth) / c.Allowed
	}
	return slices.MaxFunc(checks, func(a, b results.SelftestCheck) int {
		return cmp.Or(cmp.Compare(rank[a.Verdict], rank[b.Verdict]), cmp.Compare(share(a), share(b)))
	})
}

// SelftestAnswer says whether this machine can be measured on, and why not.
func SelftestAnswer(s *results.Selftest) (word, sentence string) {
	right := 0
	for _, c := range s.Checks {
		if c.Verdict == results.SelftestOK {
			right++
		}
	}
	of := fmt.Sprintf("%d of %s came out right", right, unit.Counted(len(s.Checks), "known answer"))
	why := ""
	if right < len(s.Checks) {
		c := SelftestWorst(s.Checks)
		row := SelftestRow(c)
		why = fmt.Sprintf("; %s was measured as %s with the %s engine, and is %s", row[0], row[2], c.Engine, row[1])
	}
	switch s.Verdict {
	case results.SelftestWrong:
		return "WRONG TOOL:", "a figure of this tool is wrong, and no noise of the machine explains it: " + of + why +
			". Do not use what it measures here; please report this."
	case results.SelftestNoisy:
		return "NOISY MACHINE:", "this machine cannot be measured on right now: " + of + why +
			". Stop what else runs, and try again."
	}
	if s.Partial {
		return "PARTIAL:", fmt.Sprintf("the self-test ended after %s, before everything was checked: %s.",
			unit.Seconds(s.ElapsedS), of)
	}
	return "OK:", fmt.Sprintf("this machine can be measured on: %s, in %s.", of, unit.Seconds(s.ElapsedS))
}

// SelftestRemarks are what a reader should know of how it went.
func SelftestRemarks(s *results.Selftest) []string {
	var all []string
	if s.Host != "" {
		all = append(all, s.Host)
	}
	if s.Partial && s.Verdict != results.SelftestOK {
		all = append(all, fmt.Sprintf("PARTIAL: it ended after %s, before everything was checked.",
			unit.Seconds(s.ElapsedS)))
	}
	if s.OffsetUS > 0 {
		all = append(all, fmt.Sprintf("Offset: even a plain client sees answers %s late here, since timers and "+
			"threads wake up late. That is the machine's own and no noise: an engine is allowed twice as much.",
			unit.FineMicros(s.OffsetUS)))
	}
	return all
}
