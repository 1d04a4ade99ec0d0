package sweep_test

import (
	"slices"
	"testing"
	"time"

	"nodecompare/cmd/sweep"
	"nodecompare/loadgen/loadtest"
	"nodecompare/results"
)

// What other processes compute while a map is made is seen, and the map's servers are not taken for
// them.
func TestOtherProcessesAreSuspect(t *testing.T) {
	loadtest.BusyCPUs(t)
	p, err := sweep.NewPlan(sweep.Options{
		Modes: []string{"goroutine", "async"}, Waits: []time.Duration{50 * time.Millisecond},
		CPUs: []time.Duration{0}, Connections: []int{4}, Rounds: 1, Seed: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := sweep.Run(t.Context(), p, func(string) {})
	if err != nil || sweep.Failed(m) != nil {
		t.Fatal(err, m.Failures)
	}
	for _, r := range m.Runs {
		if r.Trust.Status == results.Valid || !slices.Contains(r.Trust.Rules, "other processes") {
			t.Errorf("%s: %+v", r.Mode, r.Trust)
		}
	}
}
