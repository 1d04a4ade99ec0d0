package gate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"nodecompare/results"
)

// same reports whether both are the same record.
func same(old, newer *results.Record) bool {
	return old == newer || old.Started.Equal(newer.Started) && reflect.DeepEqual(old.Trials, newer.Trials)
}

// Replaces reports whether a new record may replace the old one as a baseline. A record that
// regressed may not. An inconclusive record, or one from a noisy machine, may only if the old one
// is no better. If host or settings make the two incomparable, the new record starts a new
// baseline.
func (g Result) Replaces(old, newer *results.Record) bool {
	switch g.Outcome {
	case Pass:
		return !noisy(newer) || noisy(old)
	case Inconclusive:
		return lesser(old) && !lesser(newer)
	case Invalid:
		return len(elsewhere(old, newer)) == len(g.Unfit) && len(g.Unfit) > 0
	}
	return false
}

func lesser(r *results.Record) bool { return noisy(r) || r.Settings.Rounds < leastTrials }

// noisy reports whether the selftest found a noisy machine, or others disturbed most runs.
func noisy(r *results.Record) bool {
	suspect, runs, _ := suspects(r, func(rules []string) bool {
		// the machine does not cause that
		return len(rules) == 0 || slices.ContainsFunc(rules, func(rule string) bool { return !results.Bounds(rule) })
	})
	return r.Selftest != nil && r.Selftest.Verdict == results.SelftestNoisy || 2*suspect > runs
}

// suspects counts a record's SUSPECT runs among those that counts accepts, and lists their rules.
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

// doubts returns notes on a record whose figures may mislead.
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
