package summary

import (
	"fmt"

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

// SelftestRemarks sum up the checks, and say what took the machine meanwhile.
func SelftestRemarks(s *results.Selftest) []string {
	var all []string
	if s.Host != "" {
		all = append(all, s.Host)
	}
	if s.Partial {
		all = append(all,
			fmt.Sprintf(
				"PARTIAL: it ended after %.1f s, before all was checked; the tables hold what was known by then.",
				s.ElapsedS))
	}
	if s.OffsetUS > 0 {
		all = append(all, fmt.Sprintf("Offset: a plain client's requests come back %s late here, by timers "+
			"and threads that are slow to wake. That is the machine's own, and no noise: an engine is "+
			"allowed twice as much.", unit.FineMicros(s.OffsetUS)))
	}
	switch s.Verdict {
	case results.SelftestWrong:
		return append(all, "WRONG TOOL: a figure is not what happened, and no noise of the machine explains "+
			"it. Do not believe what is measured here; please report this.")
	case results.SelftestNoisy:
		return append(all, "NOISY MACHINE: here and now the truth cannot be measured, which says nothing "+
			"against the tool. Stop what else runs, and try again.")
	}
	if s.Partial {
		return all
	}
	return append(all,
		fmt.Sprintf(
			"All answers are right: this machine can be measured on, and the tool measures it. It took %.0f s.",
			s.ElapsedS))
}
