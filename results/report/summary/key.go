package summary

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// key says what the answer's table shows, for who has not read about it: what is asked in the
// workloads, and what figures, factors and marks are.
func key(r *results.Record) string {
	var asked []string
	for _, w := range r.Settings.Workloads {
		asked = append(asked, fmt.Sprintf("%s is %s %s", w.Name, w.Method, w.Target))
	}
	var all []string
	if len(asked) <= several {
		all = append(all, strings.Join(asked, ", ")+".")
	}
	if n := Rounds(r); n >= fewestRounds && len(r.Settings.Modes) > 1 && !r.Settings.Null {
		all = append(all, "A factor (2×) is the mean of the rounds' own, with its 99% interval. "+Mark+
			": disturbed, or the load at its limit.")
	}
	return strings.Join(all, " ")
}

// loadLimited names the latencies and throughputs of the answer that are the load's as much as the
// servers', since it was at its own limit in most of the runs behind them.
func loadLimited(r *results.Record, rows []AnswerRow) (notes []string) {
	for _, row := range rows {
		for _, l := range row.Lines {
			if l.ofServer || l.Figure == "" {
				continue
			}
			runs, limited := 0, 0
			for _, t := range r.Trials {
				if g, ok := t.Rung(l.at); ok && t.Workload == l.Workload {
					runs++
					if g.Trust != nil && slices.Contains(g.Trust.Rules, results.RuleGeneratorCPU) {
						limited++
					}
				}
			}
			if 2*limited > runs {
				notes = append(notes, fmt.Sprintf("%s %s: the load was at its own limit in %d of %s, so part of it is "+
					"the load's and not the servers'.", l.Label(), l.Load, limited, unit.Counted(runs, "run")))
			}
		}
	}
	return notes
}
