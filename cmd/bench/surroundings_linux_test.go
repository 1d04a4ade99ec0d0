package bench_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"nodecompare/cmd/bench"
	"nodecompare/loadgen/loadtest"
	"nodecompare/results"
	"nodecompare/thorough"
)

// Somebody else's work on the same CPUs, in processes that are none of ours, is seen and named.
func TestOtherProcessesAreSuspect(t *testing.T) {
	thorough.Only(t)
	loadtest.BusyCPUs(t)
	p, err := bench.NewPlan(bench.Options{Modes: []string{"async"}, Workloads: []string{"hello"},
		Profile: "quick", Rounds: 1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := bench.Run(ctx, p, on{step: func(int) { cancel() }}) // one rung is enough to see it
	if !errors.Is(err, context.Canceled) || bench.Failed(r) != nil || len(r.Trials) != 1 {
		t.Fatal(err, r.Trials)
	}
	if trust := r.Trials[0].Trust; trust.Status == results.Valid || !slices.Contains(trust.Rules, "other processes") {
		t.Errorf("%+v", trust)
	}
}
