package results_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"nodecompare/results"
	"nodecompare/thorough"
)

// relative is the record of one mode's trials, which cost so many times what the yardstick does.
func relative(costs []float64) *results.Record {
	r := &results.Record{Settings: results.Settings{
		Modes: []results.Mode{{Name: "node"}}, Workloads: []results.Workload{{Name: "hello", Base: 64}},
	}}
	for i, cost := range costs {
		r.Trials = append(r.Trials, results.Trial{Workload: "hello", Mode: "node", Round: i + 1, Rungs: []results.Rung{
			{Load: results.Closed, Connections: 64, Requests: 1, Yardstick: &results.Yardstick{RelativeCPU: cost}},
		}})
	}
	return r
}

func groupsOf(costs []float64) []results.Groups {
	r := relative(costs)
	return r.Groups(r.Settings.Workloads[0])
}

func TestGroups(t *testing.T) {
	for name, c := range map[string]struct {
		costs []float64
		want  string
	}{
		"node, before its JIT was waited for": {[]float64{126, 28.9, 90.8, 33.5, 87, 37.5},
			"[{node 33.1 99.8 3 3}]"},
		"a sixth apart, on a quiet machine": {[]float64{2, 2.31, 2.01, 1.99, 2.3, 2.32}, "[{node 2 2.31 3 3}]"},
		"exactly alike but for two":         {[]float64{1, 1, 2, 1, 1, 2, 1}, "[{node 1 2 5 2}]"},
		"one that is off":                   {[]float64{2, 2.01, 6, 1.99, 2.02, 2}, "[]"},
		"spread out":                        {[]float64{1, 2, 3, 4, 5, 6}, "[]"},
		"nearer than matters":               {[]float64{2, 2.1, 2, 2.1, 2, 2.1}, "[]"},
		"all alike":                         {[]float64{2, 2, 2, 2, 2, 2}, "[]"},
		"too few":                           {[]float64{1, 2, 1, 2, 1}, "[]"},
		"no yardstick":                      {make([]float64, 6), "[]"},
		"a level each, of many rounds, far apart": {append(flatCosts(20, 1), flatCosts(20, 3)...),
			"[{node 1.01 3.03 20 20}]"},
	} {
		var got []string
		for _, g := range groupsOf(c.costs) {
			got = append(got, fmt.Sprintf("{%s %.3g %.3g %d %d}", g.Mode, g.Low, g.High, g.AtLow, g.AtHigh))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func flatCosts(n int, at float64) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = at * (1 + 0.01*float64(i%3))
	}
	return all
}

// Noise of one level, however wide, seldom looks like two, also where one trial in twenty has four
// times as much luck. Two levels are found.
func TestGroupsInNoise(t *testing.T) {
	runs, numbers := 1000, []int{6, 12}
	if thorough.On() {
		runs, numbers = 10_000, []int{6, 7, 8, 9, 10, 11, 12, 30}
	}
	random := rand.New(rand.NewPCG(5, 6))
	said := func(n int, noise, outliers, apart float64) (percent float64) {
		for range runs {
			costs := make([]float64, n)
			for i := range costs {
				luck := noise
				if random.Float64() < outliers {
					luck *= 4
				}
				costs[i] = math.Exp(luck * random.NormFloat64())
				if i%2 == 0 {
					costs[i] *= 1 + apart
				}
			}
			percent += 100 * float64(len(groupsOf(costs))) / float64(runs)
		}
		return percent
	}
	for _, n := range numbers {
		alike, odd := said(n, 0.25, 0, 0), said(n, 0.25, 0.05, 0)
		quiet, usual, double := said(n, 0.013, 0, 0.15), said(n, 0.02, 0, 0.15), said(n, 0.08, 0, 1.1)
		t.Logf("%d trials: one level is called two in %.1f%%, with outliers in %.1f%%; 15%% apart found in "+
			"%.0f%% at 1.3%% of noise, in %.0f%% at 2%%; twice, at 8%%, in %.0f%%",
			n, alike, odd, quiet, usual, double)
		if max(alike, odd) > 1.6 || min(quiet, double) < 65 || n >= 8 && min(quiet, double) < 90 {
			t.Errorf("%d trials: too many false groups, or too few found", n)
		}
	}
}
