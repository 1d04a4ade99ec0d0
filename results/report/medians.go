package report

import (
	"io"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// writeRecord writes the whole record, with its medians.
func writeRecord(w io.Writer, r *results.Record, _ Options) error {
	whole := *r
	whole.Medians = medians(r)
	return results.Encode(w, &whole)
}

// medians returns the medians over the rounds, by workload, mode and figure. Figures have the names
// of the CSV's columns, and are left out if VOID, as there.
func medians(r *results.Record) map[string]map[string]map[string]float64 {
	all := map[string]map[string]map[string]float64{}
	loads, told := csvLoads(r), tells(r)
	for _, w := range r.Settings.Workloads {
		all[w.Name] = map[string]map[string]float64{}
		for _, m := range r.Settings.Modes {
			figures := map[string]float64{}
			for _, at := range loads {
				for _, f := range csvOf(at, told) {
					if e, ok := r.Estimate(w.Name, m.Name, at, f); ok {
						figures[csvPrefix(at)+f.Slug] = unit.Short(e.Value)
					}
				}
			}
			all[w.Name][m.Name] = figures
		}
	}
	return all
}
