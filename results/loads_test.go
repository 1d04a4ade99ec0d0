package results_test

import (
	"testing"

	"nodecompare/results"
)

// Where both loads agree no bench says that it depends on the load; where the light load truly is
// the other way, nearly every one does.
func TestDependsOnLoad(t *testing.T) {
	for _, n := range []noise{usual, quiet} {
		for _, test := range []struct {
			name        string
			a, b        cost
			least, most int // per cent of the benches that say so
		}{
			{"equal", cost{1, 1, 1}, cost{1, 1, 1}, 0, 1},
			{"1.2 times at both", cost{1, 1, 1}, cost{1.2, 1.2, 1}, 0, 1},
			{"1.6 times at both", cost{1, 1, 1}, cost{1.6, 1.6, 1.3}, 0, 1},
			{"1.6 times, and none at light load", cost{1, 1, 1}, cost{1.6, 1, 1}, 0, 1},
			{"1.6 times, and CPU alone 1.6 times the other way", cost{1, 1.6, 1}, cost{1.6, 1, 1}, 80, 100},
			{"1.6 times, and p50 alone 1.6 times the other way", cost{1, 1, 1.6}, cost{1.6, 1, 1}, 80, 100},
			{"1.6 times, and both 1.6 times the other way", cost{1, 1.6, 1.6}, cost{1.6, 1, 1}, 95, 100},
		} {
			m, benches := newMachine(n, 5), tries(600)
			said := map[string]int{}
			for range benches {
				said[results.Judge(m.bench(test.a, test.b))[0].Findings[1].Words[0].Word]++
			}
			got := said[results.DependsOnLoad]
			t.Logf("%s, %s: %v of %d benches", n.name, test.name, said, benches)
			if got < benches*test.least/100 || got > max(1, benches*test.most/100) {
				t.Errorf("%s, %s: %d of %d benches say that it depends on the load, want %d%% to %d%%",
					n.name, test.name, got, benches, test.least, test.most)
			}
		}
	}
}

// A rate that was asked for is no light load of a mode whose share it is beyond; of others it is.
func TestWhatIsALightLoad(t *testing.T) {
	for _, test := range []struct {
		rate float64
		want string
	}{{500, "Depends on load, Depends on load"}, {501, "High, Moderate"}, {400, "Depends on load, Depends on load"}} {
		r := recordOf(often(with(func(m *measurement) { m.light *= 2 })), often(scaled(1, 1.5)))
		r.Settings.Share = 0.5
		r.Rates = []results.Rates{
			{Workload: "wait", Mode: "a", CapacityRPS: 2000, CommonRPS: test.rate},
			{Workload: "wait", Mode: "b", CapacityRPS: 1000, CommonRPS: test.rate},
			{Workload: "hello", Mode: "a", CapacityRPS: 10, CommonRPS: test.rate},
		}
		if got := words(r, results.RowPerformance); got != test.want {
			t.Errorf("%v/s: got %s, want %s", test.rate, got, test.want)
		}
	}
}

// In the verdict of a record of before the light load had a say, p99 at the common rate is a figure
// like the others.
func TestLoadsOfOldVerdicts(t *testing.T) {
	rests := results.Comparison{Metric: "CPU per request", A: "a", B: "b", Rounds: 6, Rests: true}
	tail := results.Comparison{Metric: "p99", A: "a", B: "b", At: results.AtCommon, Rounds: 6}
	better := func(c results.Comparison, mode string, decides bool) results.Comparison {
		c.Better, c.Decides = mode, decides
		return c
	}
	same := func(c results.Comparison) results.Comparison {
		c.Same = true
		return c
	}
	for name, test := range map[string]struct {
		compared []results.Comparison
		want     results.Loads
	}{
		"decided": {[]results.Comparison{better(rests, "a", true), tail},
			results.Loads{Measured: true, Better: "a"}},
		"vetoed": {[]results.Comparison{better(rests, "a", false), better(tail, "b", false)},
			results.Loads{Measured: true}},
		"the same": {[]results.Comparison{same(rests), same(tail)}, results.Loads{Measured: true, Same: true}},
		"the same but p99": {[]results.Comparison{same(rests), better(tail, "b", false)},
			results.Loads{Measured: true}},
		"p99 is not there": {[]results.Comparison{same(rests),
			{Metric: "p99", A: "a", B: "b", At: results.AtCommon}}, results.Loads{Measured: true}},
		"nothing is there": {[]results.Comparison{{A: "a", B: "b"}}, results.Loads{}},
		"no figure rests": {[]results.Comparison{same(results.Comparison{A: "a", B: "b", Rounds: 6})},
			results.Loads{Measured: true, Same: true}},
	} {
		if got := results.Between(test.compared); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}
