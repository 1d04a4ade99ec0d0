package summary

import (
	"fmt"
	"slices"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// unfitShare is the share of the runs that others must have disturbed, for the bench as a whole to be unfit to quote.
const unfitShare = 0.25

// disturbing are the rules that tell of others on the machine.
var disturbing = []struct{ rule, text string }{
	{"other processes", "Other programs used these CPUs"},
	{"steal", "The host ran other machines on these CPUs"},
	{"throttling", "A CPU quota stopped server and load"},
}

// unfit says why nobody should quote the bench's figures; "" where nothing speaks against it as a whole.
func unfit(r *results.Record) string {
	runs, by := doubted(r)
	for _, d := range disturbing {
		if n := by[d.rule]; runs > 0 && float64(n) >= unfitShare*float64(runs) {
			return fmt.Sprintf("%s in %s of %s. Do not quote these figures.", d.text, unit.Count(n), unit.Counted(runs, "run"))
		}
	}
	if r.Selftest != nil {
		switch r.Selftest.Verdict {
		case results.SelftestNoisy:
			return "The self-test found this machine too noisy. Do not quote these figures."
		case results.SelftestWrong:
			return "The self-test found a figure of this tool to be wrong. Do not quote these figures."
		}
	}
	return ""
}

// inDoubt and unused are counted beside the rules.
const inDoubt, unused = "in doubt", "unused"

// doubted counts the runs that figures rest on, and of each rule those that it doubts.
func doubted(r *results.Record) (runs int, by map[string]int) {
	by = map[string]int{}
	for _, t := range r.Trials {
		for _, rung := range t.Rungs {
			if _, ok := t.Rung(results.At{Load: rung.Load, Connections: rung.Connections}); !ok {
				by[unused]++
				continue
			}
			runs++
			if rung.Trust == nil {
				continue
			}
			if len(rung.Trust.Rules) > 0 {
				by[inDoubt]++
			}
			for _, rule := range rung.Trust.Rules {
				by[rule]++
			}
		}
	}
	return runs, by
}

// trust says in a line how much was measured, and how much of it is in doubt.
func trust(r *results.Record) string {
	runs, by := doubted(r)
	marked := by[inDoubt]
	rounds := 0 // an interrupted bench has not made all of them
	for _, t := range r.Trials {
		rounds = max(rounds, t.Round)
	}
	text := fmt.Sprintf("%s, %s.", unit.Counted(rounds, "round"), unit.Seconds(r.ElapsedS))
	void := ""
	if n := by[unused]; n > 0 {
		void = fmt.Sprintf(" %s could not be used.", unit.Counted(n, "run"))
	}
	switch share := float64(marked) / float64(max(runs, 1)); {
	case runs == 0:
		return text + " Trust: none, nothing could be concluded." + void
	case marked == 0:
		return text + fmt.Sprintf(" Trust: good, no run of %s is in doubt.", unit.Count(runs)) + void
	case share <= 0.1:
		text += " Trust: good"
	case share <= 0.5:
		text += " Trust: fair"
	default:
		text += " Trust: low"
	}
	if n := by[unused]; n > 0 {
		return text + fmt.Sprintf("; %s of %s marked %s, %s unusable.", unit.Count(marked), unit.Counted(runs, "run"), Mark, unit.Count(n))
	}
	return text + fmt.Sprintf("; %s of %s marked %s.", unit.Count(marked), unit.Counted(runs, "run"), Mark)
}

// fewestRounds are needed for an interval of 95%.
const fewestRounds = 6

// missing says in a line each what the answer lacks.
func missing(r *results.Record) []string {
	var all []string
	if n := r.Settings.Rounds; n < fewestRounds && !r.Partial && len(r.Settings.Modes) > 1 {
		all = append(all, fmt.Sprintf("%s cannot decide anything: intervals need %d (--rounds=%d).", unit.Counted(n, "round"), fewestRounds, fewestRounds))
	}
	for _, m := range r.Settings.Missing {
		all = append(all, "Left out: "+m.Reason)
	}
	if r.Partial {
		all = append(all, fmt.Sprintf("Interrupted: this is what %s had measured by then.", unit.Counted(len(r.Trials), "trial")))
	}
	for _, m := range r.PilotFailures {
		all = append(all, fmt.Sprintf("%s failed on %s before the first round: %s", m.Mode, m.Workload, m.Reason))
	}
	failed, lost := 0, 0
	var first, firstLost results.Trial
	for _, t := range slices.Backward(r.Trials) {
		if t.Failure != "" {
			failed, first = failed+1, t
		}
		if t.Lost != "" {
			lost, firstLost = lost+1, t
		}
	}
	if failed > 0 {
		all = append(all, fmt.Sprintf("%s of %s failed; the first: %s on %s: %s", unit.Count(failed), unit.Counted(len(r.Trials), "trial"), first.Mode, first.Workload, first.Failure))
	}
	if lost > 0 {
		all = append(all, fmt.Sprintf("%s of %s had to be dropped; the first: %s on %s: %s", unit.Count(lost), unit.Counted(len(r.Trials), "trial"), firstLost.Mode, firstLost.Workload, firstLost.Lost))
	}
	return all
}
