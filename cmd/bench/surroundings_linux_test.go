package bench_test

import (
	"os/exec"
	"runtime"
	"slices"
	"testing"

	"nodecompare/cmd/bench"
	"nodecompare/results"
)

// Somebody else's work on the same CPUs, in processes that are none of ours, is seen and named.
func TestOtherProcessesAreSuspect(t *testing.T) {
	for range runtime.NumCPU() {
		spin := exec.CommandContext(t.Context(), "sh", "-c", "while :; do :; done")
		if err := spin.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { spin.Wait() }) // the context of the test has killed it
	}
	p, err := bench.NewPlan(bench.Options{Modes: []string{"async"}, Workloads: []string{"hello"}, Profile: "quick", Rounds: 1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	r, err := bench.Run(t.Context(), p, bench.Silent{})
	if err != nil || bench.Failed(r) != nil {
		t.Fatal(err, r.Trials)
	}
	if trust := r.Trials[0].Trust; trust.Status == results.Valid || !slices.Contains(trust.Rules, "other processes") {
		t.Errorf("%+v", trust)
	}
}
