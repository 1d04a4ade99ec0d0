package cmd

import (
	"strings"
	"testing"

	"nodecompare/cmd/bench"
	"nodecompare/cmd/selftest"
)

// A bench says which self-test it begins with.
func TestAnnouncedSelftest(t *testing.T) {
	p, err := bench.NewPlan(bench.Options{Modes: []string{"async"}, Workloads: []string{"hello"}, Profile: "quick"})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range selftest.Extents {
		want := ""
		if e.Takes > 0 {
			want = ", starting with a " + e.Name + " self-test"
		}
		said := benchRun{plan: p, known: e}.announcement()
		if !strings.HasSuffix(said, want) || want == "" && strings.Contains(said, "self-test") {
			t.Errorf("%s: %q", e.Name, said)
		}
	}
}
