package gate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"nodecompare/results"
)

// same says that both are one and the same record.
func same(old, now *results.Record) bool {
	return old == now || old.Started.Equal(now.Started) && reflect.DeepEqual(old.Trials, now.Trials)
}

// Replaces says that a new record may take the old one's place as a baseline. One that regressed
// may not; nor one of which the gate cannot tell, or that was made on a noisy machine, unless the
// old one is no better. Where the two cannot be compared for their host or settings, the new one
// begins anew.
func (g Result) Replaces(old, now *results.Record) bool {
	switch g.Outcome {
	case Pass:
		return !noisy(now) || noisy(old)
	case Inconclusive:
		return lesser(old) && !lesser(now)
	case Invalid:
		return len(elsewhere(old, now)) == len(g.Unfit) && len(g.Unfit) > 0
	}
	return false
}

func lesser(r *results.Record) bool { return noisy(r) || r.Settings.Rounds < leastTrials }

// noisy says that the selftest found the machine to be so, or that others disturbed most runs.
func noisy(r *results.Record) bool {
	suspect, runs, _ := suspects(r, func(rules []string) bool {
		return len(rules) != 1 || rules[0] != results.RuleGeneratorCPU // that is no doing of the machine's
	})
	return r.Selftest != nil && r.Selftest.Verdict == results.SelftestNoisy || 2*suspect > runs
}

// suspects counts the SUSPECT runs of a record, and names their rules.
func suspects(r *results.Record, counts func(rules []string) bool) (suspect, runs int, rules []string) {
	for _, t := range r.Trials {
		for _, rung := range t.Rungs {
			runs++
			if rung.Trust == nil || rung.Trust.Status != results.Suspect || !counts(rung.Trust.Rules) {
				continue
			}
			suspect++
			for _, rule := range rung.Trust.Rules {
				if !slices.Contains(rules, rule) {
					rules = append(rules, rule)
				}
			}
		}
	}
	return suspect, runs, rules
}

// doubts are notes on a record whose figures may be other than they seem.
func doubts(name string, r *results.Record) []string {
	var notes []string
	if r.Selftest != nil && r.Selftest.Verdict == results.SelftestNoisy {
		notes = append(notes,
			fmt.Sprintf(
				"the self-test of the %s record found the machine noisy: its latencies may be the machine's", name))
	}
	if suspect, runs, rules := suspects(r, func([]string) bool { return true }); 2*suspect > runs {
		by := ""
		if rules != nil {
			by = " (" + strings.Join(rules, ", ") + ")"
		}
		notes = append(notes,
			fmt.Sprintf("%d of %d runs of the %s record are SUSPECT%s: figures may be other than they seem",
				suspect, runs, name, by))
	}
	return notes
}
