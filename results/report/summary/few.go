package summary

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// few names the percentiles of a workload's table that are left out, since the requests of some
// trial there were too few to tell them.
func few(r *results.Record, w results.Workload) []string {
	var missing []string
	for _, s := range latenciesShown(r, w) {
		figures := s.figures
		if s.tail {
			figures = append(slices.Clip(figures), results.P999)
		}
		for _, f := range figures {
			var modes []string
			for _, m := range r.Settings.Modes {
				if !r.Carries(w.Name, m.Name, s.at, f) {
					modes = append(modes, m.Name)
				}
			}
			switch {
			case len(modes) == len(r.Settings.Modes):
				missing = append(missing, f.Name+" "+s.where)
			case modes != nil:
				missing = append(missing, fmt.Sprintf("%s %s of %s", f.Name, s.where, joinNames(modes)))
			}
		}
	}
	if missing == nil {
		return nil
	}
	return []string{fmt.Sprintf("Left out (%s), since some trial had too few answers (p99 takes 100, p99.9 takes "+
		"1,000): %s.", unit.Missing, strings.Join(missing, ", "))}
}
