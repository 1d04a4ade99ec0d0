package bench_test

import (
	"slices"
	"testing"

	"nodecompare/cmd/bench"
	"nodecompare/results"
	"nodecompare/thorough"
)

// A real bench searches between the rungs in its last round: until nothing is left to know, or the
// runs or the time for them are used up.
func TestRunSearchesBetweenTheRungs(t *testing.T) {
	thorough.Only(t)
	p, err := bench.NewPlan(bench.Options{Modes: []string{"async"}, Workloads: []string{"hello"},
		Profile: "standard", Rounds: 1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	r, err := bench.Run(t.Context(), p, bench.Silent{})
	if err != nil || bench.Failed(r) != nil {
		t.Fatal(err, r.Trials)
	}
	w, between := r.Settings.Workloads[0], r.Trials[0].Between
	tried := []int{}
	for _, rung := range between {
		if rung.Load != results.Closed || rung.Answered() == 0 || rung.Trust == nil ||
			rung.Histogram != "" || slices.Contains(w.Connections(), rung.Connections) {
			t.Errorf("%+v", rung)
		}
		tried = append(tried, rung.Connections)
	}
	if len(between) == 0 && r.NextBetween(w, "async") != 0 || len(between) > 6 {
		t.Errorf("tried %v, and %d is left", tried, r.NextBetween(w, "async"))
	}
	if s := r.Verdicts[0].Findings[2].Scaling[0]; !slices.Contains(append(tried, w.Connections()...), s.Knee) {
		t.Errorf("the knee is at %d, which was not tried: %v", s.Knee, tried)
	}
}
