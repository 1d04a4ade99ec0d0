package bench_test

import (
	"testing"

	"go.uber.org/goleak"

	"nodecompare/cmd/bench"
	"nodecompare/results"
	"nodecompare/thorough"
)

// A real event loop beside real poison: the slowest of the victim requests wait for a
// computation, on any machine.
func TestBlastMeasuresRealServers(t *testing.T) {
	thorough.Only(t)
	defer goleak.VerifyNone(t)
	p, err := bench.NewPlan(bench.Options{Modes: []string{"async"}, Workloads: []string{"blast-cpu"},
		Profile: "quick", Rounds: 1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	r, err := bench.Run(t.Context(), p, bench.Silent{})
	if err != nil || bench.Failed(r) != nil {
		t.Fatal(err, r.Trials)
	}
	checkNoChildren(t)
	var alone, withPoison *results.Rung
	for i, g := range r.Trials[0].Rungs {
		switch g.Load {
		case results.Alone:
			alone = &r.Trials[0].Rungs[i]
		case results.Amid:
			withPoison = &r.Trials[0].Rungs[i]
		}
	}
	if alone == nil || withPoison == nil || alone.Poison != nil || withPoison.Poison == nil ||
		alone.OfferedRPS != withPoison.OfferedRPS {
		t.Fatalf("rungs: %+v", r.Trials[0].Rungs)
	}
	// Of three computations of 200 ms within the run, one meets some of its 300 requests.
	if d := withPoison.Poison; d.Requests+d.InFlight < 2 || withPoison.LatencyUS.Max < 100_000 {
		t.Errorf("poison %+v, innocent latencies %+v", *d, withPoison.LatencyUS)
	}
	if v := r.Verdicts[0]; len(v.Findings) != 1 || v.Findings[0].Row != results.RowIsolation {
		t.Errorf("verdict: %+v", v)
	}
}
