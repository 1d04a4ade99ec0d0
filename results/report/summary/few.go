package summary

import (
	"fmt"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// few names the percentiles of a workload's table that are left out, since the requests of some
// trial there were too few to tell them.
func few(r *results.Record, w results.Workload) []string {
	var missing []string
	note := func(at results.RungKey, where string, figures ...results.Figure) {
		for _, f := range figures {
			var modes []string
			for _, m := range r.Settings.Modes {
				if !r.Carries(w.Name, m.Name, at, f) {
					modes = append(modes, m.Name)
				}
			}
			switch {
			case len(modes) == len(r.Settings.Modes):
				missing = append(missing, f.Name+" "+where)
			case modes != nil:
				missing = append(missing, fmt.Sprintf("%s %s of %s", f.Name, where, joinNames(modes)))
			}
		}
	}
	note(results.AtCommon, "at the common rate", results.P50, results.P99, results.P999)
	note(results.AtOwn, fmt.Sprintf("at %s%% of own", unit.Digits(100*r.Settings.Share)),
		results.P50, results.P99, results.P999)
	note(results.AtAlone, "alone", results.P50, results.P99)
	note(results.AtAmid, "amid poison", results.P50, results.P99)
	for _, n := range rungsShown(w) {
		note(results.ClosedAt(n), "at "+unit.Counted(n, "connection"), results.P99)
	}
	if missing == nil {
		return nil
	}
	return []string{fmt.Sprintf("Left out (%s), since some trial had too few answers (p99 takes 100, p99.9 takes "+
		"1,000): %s.", unit.Missing, strings.Join(missing, ", "))}
}
