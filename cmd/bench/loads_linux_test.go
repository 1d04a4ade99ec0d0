package bench_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"nodecompare/cmd/bench"
	"nodecompare/results"
)

// A server that works off many requests as cheaply as one is the better one while it is saturated,
// and the worse one at light load. A bench of it against one that does each by itself says so, with
// a figure of either load, and what both use while they are idle.
func TestBenchOfServersThatDependOnTheLoad(t *testing.T) {
	if os.Getenv("NODECOMPARE_LONG") == "" {
		t.Skip("six rounds of two servers that may compile themselves take two minutes and more: " +
			"set NODECOMPARE_LONG=1")
	}
	defer goleak.VerifyNone(t)
	program := filepath.Join(t.TempDir(), "batch")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program,
		"./testdata/own/batch").CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	r := measuredOwn(t, bench.Options{Workloads: []string{"hello"}, Rate: 100},
		[]string{"each=exec " + program, "batch=exec " + program + " -batch"}, nil, nil)
	f := r.Verdicts[0].Findings[1]
	for _, w := range f.Words {
		if w.Word != results.DependsOnLoad {
			t.Errorf("%s: %s", w.Mode, w.Word)
		}
	}
	if l := results.Between(f.Comparisons); l.Better != "batch" || l.LightBetter != "each" {
		t.Errorf("%+v of %+v", l, f.Comparisons)
	}
	for _, trial := range r.Trials {
		g, ok := trial.Rung(results.AtCommon)
		if !ok || g.OfferedRPS != 100 || g.Engine != "vegeta" || g.Idle == nil ||
			g.Idle.ElapsedS < g.ElapsedS/2 || g.Idle.CPUS > g.Process.CPUS/2 {
			t.Errorf("%s, round %d: %v %+v, idle %+v", trial.Mode, trial.Round, ok, g.Process, g.Idle)
		}
	}
	if t.Failed() {
		t.Logf("%+v", f)
	}
}
