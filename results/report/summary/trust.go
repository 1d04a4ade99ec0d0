package summary

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// unfitShare is the share of disturbed runs from which the bench as a whole is unfit to quote.
const unfitShare = 0.25

// disturbing are the rules that detect others on the machine.
var disturbing = []struct{ rule, text string }{
	{"other processes", "Other programs used these CPUs"},
	{"steal", "The host ran other machines on these CPUs"},
	{"throttling", "A CPU quota stopped server and load"},
}

// unfit says why nobody should quote the bench's figures; "" if nothing speaks against it as a
// whole.
func unfit(r *results.Record, c runCounts) string {
	for _, d := range disturbing {
		if n := c.by[d.rule]; c.used > 0 && float64(n) >= unfitShare*float64(c.used) {
			return fmt.Sprintf("%s in %s of %s. Do not quote these figures.", d.text, unit.Count(n),
				unit.Counted(c.used, "run"))
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

// runCounts counts the runs behind figures, those behind none, and those that some rule doubts.
type runCounts struct {
	used, unused, doubted int
	by                    map[string]int          // by rule
	on                    map[string]workloadRuns // by workload
}

type workloadRuns struct{ used, doubted int }

func countRuns(r *results.Record) runCounts {
	c := runCounts{by: map[string]int{}, on: map[string]workloadRuns{}}
	for _, t := range r.Trials {
		for _, rung := range t.Rungs {
			if _, ok := t.Rung(results.RungKey{Load: rung.Load, Connections: rung.Connections}); !ok {
				c.unused++
				continue
			}
			c.used++
			n := c.on[t.Workload]
			n.used++
			if rung.Trust != nil && len(rung.Trust.Rules) > 0 {
				c.doubted++
				// The load's own limit is no disturbance, and CPU per request is sound there.
				if !slices.Equal(rung.Trust.Rules, []string{results.RuleGeneratorCPU}) {
					n.doubted++
				}
			}
			c.on[t.Workload] = n
			if rung.Trust == nil {
				continue
			}
			for _, rule := range rung.Trust.Rules {
				c.by[rule]++
			}
		}
	}
	return c
}

// trust says in a line how much was measured, and how much of it is in doubt.
func trust(r *results.Record, c runCounts) string {
	text := fmt.Sprintf("%s, %s. Trust: ", unit.Counted(made(r), "round"), unit.Seconds(r.ElapsedS))
	unused := ""
	if c.unused > 0 {
		unused = fmt.Sprintf(" %s could not be used.", unit.Counted(c.unused, "run"))
	}
	switch {
	case c.used == 0:
		return text + "none, nothing could be concluded." + unused
	case c.doubted == 0:
		return text + fmt.Sprintf("good, no run of %s is in doubt.", unit.Count(c.used)) + unused
	}
	text += fmt.Sprintf("%s; %s of %s marked %s", trustWords(r, c), unit.Count(c.doubted), unit.Counted(c.used, "run"),
		Mark)
	if c.unused > 0 {
		text += fmt.Sprintf(", %s unusable", unit.Count(c.unused))
	}
	return text + "."
}

// trustWords says how trustworthy the bench is: good, or where it differs, low on hello and good on
// wait.
func trustWords(r *results.Record, c runCounts) string {
	on := map[string][]string{} // workloads by word
	for _, w := range r.Settings.Workloads {
		if n := c.on[w.Name]; n.used > 0 {
			on[n.word()] = append(on[n.word()], w.Name)
		}
	}
	var parts []string
	for _, word := range []string{"low", "fair", "good"} {
		if names := on[word]; len(names) > 0 {
			parts = append(parts, word+" on "+joinNames(names))
		}
	}
	if len(parts) == 0 {
		return "low" // of workloads that the settings do not name
	}
	last := len(parts) - 1
	word, of, _ := strings.Cut(parts[last], " on ")
	if last == 0 {
		return word
	}
	if strings.Contains(of, " and ") {
		parts[last] = word + " on the others"
	}
	return strings.Join(parts, ", ")
}

// word says how much of a workload's runs is in doubt.
func (n workloadRuns) word() string {
	switch share := float64(n.doubted) / float64(n.used); {
	case share <= 0.1:
		return "good"
	case share <= 0.5:
		return "fair"
	}
	return "low"
}

// fewestRounds is the number of rounds that a 95% interval needs.
const fewestRounds = 6

// missing returns a line for each thing that the answer lacks.
func missing(r *results.Record) []string {
	var all []string
	if n := r.Settings.Rounds; n < fewestRounds && !r.Partial && len(r.Settings.Modes) > 1 {
		all = append(all,
			fmt.Sprintf("%s cannot decide anything: intervals need %d (--rounds=%d).",
				unit.Counted(n, "round"), fewestRounds, fewestRounds))
	}
	for _, m := range r.Settings.Missing {
		all = append(all, "Left out: "+m.Reason)
	}
	if r.Partial {
		all = append(all,
			fmt.Sprintf("Interrupted: this is what %s had measured by then.", unit.Counted(len(r.Trials), "trial")))
	}
	for _, m := range r.PilotFailures {
		all = append(all, fmt.Sprintf("%s failed on %s before the first round: %s", m.Mode, m.Workload, m.Reason))
	}
	all = append(all, firstOf(r.Trials, "failed", func(t results.Trial) string { return t.Failure })...)
	return append(all, firstOf(r.Trials, "had to be dropped", func(t results.Trial) string { return t.Lost })...)
}

// firstOf says how many trials give a reason, with the first of the reasons; nothing if none does.
func firstOf(trials []results.Trial, what string, reason func(results.Trial) string) []string {
	n, first := 0, ""
	for _, t := range trials {
		if why := reason(t); why != "" {
			if n++; n == 1 {
				first = fmt.Sprintf("%s on %s: %s", t.Mode, t.Workload, why)
			}
		}
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s of %s %s; the first: %s", unit.Count(n),
		unit.Counted(len(trials), "trial"), what, first)}
}
