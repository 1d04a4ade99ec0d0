package results_test

import (
	"slices"
	"testing"

	"nodecompare/results"
)

// A mode that took no part in a workload has no word there, and stands in no comparison; elsewhere
// nothing changes.
func TestModesThatTakeNoPart(t *testing.T) {
	r := sample()
	first := r.Settings.Modes[0].Name
	whole := results.Judge(r)
	r.Settings.Missing = []results.Missing{{Mode: first, Workload: r.Settings.Workloads[0].Name, Reason: "404"}}
	for i, v := range results.Judge(r) {
		for j, f := range v.Findings {
			has := slices.ContainsFunc(f.Words, func(w results.Word) bool { return w.Mode == first })
			if i == 0 && (has || len(f.Words) != len(r.Settings.Modes)-1) {
				t.Errorf("%s, %s: %+v", v.Workload, f.Row, f.Words)
			}
			for _, c := range f.Comparisons {
				if i == 0 && (c.A == first || c.B == first) {
					t.Errorf("%s, %s: %+v", v.Workload, f.Row, c)
				}
			}
			if i > 0 && !slices.Equal(f.Words, whole[i].Findings[j].Words) {
				t.Errorf("%s, %s: %+v, and with all modes %+v", v.Workload, f.Row, f.Words, whole[i].Findings[j].Words)
			}
		}
	}
	if n := len(r.Settings.Modes); len(r.On(r.Settings.Workloads[0].Name).Settings.Modes) != n-1 ||
		len(r.On("another").Settings.Modes) != n {
		t.Errorf("%d modes, of which %d take part", n, len(r.On(r.Settings.Workloads[0].Name).Settings.Modes))
	}
}
