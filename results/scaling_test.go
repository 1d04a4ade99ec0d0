package results_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nodecompare/results"
	"nodecompare/results/stat"
)

// climb is a record of one mode whose rounds have these p99 latencies (µs), rung by rung; below 0
// for a rung that is VOID. Its throughput follows a law.
func climb(lambda, sigma, kappa float64, ladder []int, rounds ...[]float64) *results.Record {
	r := &results.Record{Settings: settings("it")}
	w := &r.Settings.Workloads[0]
	w.Ladder = nil
	for _, n := range ladder {
		w.Ladder = append(w.Ladder, results.Step{Connections: n})
	}
	for round, p99 := range rounds {
		t := results.Trial{Workload: w.Name, Mode: "it", Round: round + 1}
		for i, n := range ladder {
			c := float64(n)
			rung := results.Rung{
				Load: results.Closed, Connections: n, Requests: 1000, LatencyUS: results.Latency{P99: p99[i]},
				ThroughputRPS: lambda * c / (1 + sigma*(c-1) + kappa*c*(c-1)),
			}
			if p99[i] < 0 {
				rung.Trust = &results.Trust{Status: results.Void}
			}
			t.Rungs = append(t.Rungs, rung)
		}
		r.Trials = append(r.Trials, t)
	}
	return r
}

func scalingOf(r *results.Record) results.Scaling { return results.Judge(r)[0].Findings[2].Scaling[0] }

func TestScaling(t *testing.T) {
	low := []float64{1e3, 2e3, 9e3, 99e3, 101e3}
	same := func(value float64, n int) stat.Estimate {
		return stat.Estimate{Value: value, Low: value, High: value,
			Confidence: stat.Median(make([]float64, n)).Confidence, N: n}
	}
	for _, test := range []struct {
		name                 string
		r                    *results.Record
		usl                  *results.USL
		knee, held, attempts int
	}{
		{
			"a law with its peak within the ladder", climb(1000, 0.02, 1e-5, standard, low, low, low, low, low, low),
			&results.USL{Lambda: same(1000, 6), Sigma: same(0.02, 6), Kappa: same(1e-5, 6), R2: 1,
				Peak: math.Sqrt(0.98 / 1e-5)}, 512, 512, 2000,
		},
		{
			"no coherency: no peak", climb(20, 0.001, 0, standard, low),
			&results.USL{Lambda: same(20, 1), Sigma: same(0.001, 1), Kappa: same(0, 1), R2: 1}, 2000, 512, 2000,
		},
		{
			"a peak beyond the ladder", climb(20, 0, 1e-8, standard, low, low, low, low, low, low),
			&results.USL{Lambda: same(20, 6), Sigma: same(0, 6), Kappa: same(1e-8, 6), R2: 1, Peak: 1e4,
				Beyond: true}, 2000, 512, 2000,
		},
		{
			"one round tells of no peak", climb(20, 0, 1e-8, standard, low),
			&results.USL{Lambda: same(20, 1), Sigma: same(0, 1), Kappa: same(1e-8, 1), R2: 1}, 2000, 512, 2000,
		},
		{"three rungs are too few for a law", climb(1000, 1, 0, []int{1, 8, 64}, low, low), nil, 1, 64, 64},
		{
			"a rung above that is VOID might be held too",
			climb(1000, 1, 0, []int{1, 8, 64}, []float64{1e3, 1e3, -1}, []float64{1e3, 200e3, 200e3}),
			nil, 1, 1, 64,
		},
		{
			"half of the rounds hold it",
			climb(1000, 1, 0, []int{1, 8, 64}, []float64{1e3, 1e3, 1e3}, []float64{1e3, 1e3, 200e3},
				[]float64{200e3, 200e3, 200e3}, []float64{1e3, 1e3, 1e3}),
			nil, 1, 8, 64,
		},
		{"nothing is held", climb(1000, 1, 0, []int{1, 8, 64}, []float64{200e3, 200e3, 200e3}), nil, 1, 0, 64},
		{"nothing was measured", climb(1000, 1, 0, []int{1, 8, 64}), nil, 0, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := results.Scaling{Mode: "it", USL: test.usl, Knee: test.knee, Held: test.held, Most: test.attempts}
			if diff := cmp.Diff(want, scalingOf(test.r), cmpopts.EquateApprox(1e-3, 1e-12)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What was measured beyond a peak goes before the law's.
func TestNoPeakBelowARungWithMore(t *testing.T) {
	low := []float64{1e3, 1e3, 1e3, 1e3, 1e3}
	r := climb(1000, 0.02, 1e-5, standard, low, low, low, low, low, low)
	for i := range r.Trials {
		rungs := r.Trials[i].Rungs
		rungs[3].ThroughputRPS *= 1.3 // at 512, beyond the peak at 313
	}
	if u := scalingOf(r).USL; u == nil || u.Peak != 0 || u.Kappa.Low <= 0 {
		t.Errorf("%+v", u)
	}
}

// Failed requests are not held, however fast they fail.
func TestHeldWithoutErrors(t *testing.T) {
	r := climb(1000, 1, 0, []int{1, 8, 64}, []float64{1e3, 1e3, 1e3})
	r.Trials[0].Rungs[2].Errors = 1
	if s := scalingOf(r); s.Held != 8 {
		t.Errorf("%+v", s)
	}
	r.Settings.SLOUS = 0
	if s := scalingOf(r); s.Held != 0 {
		t.Errorf("without an SLO: %+v", s)
	}
}

// Where no trial has figures of the top rung nothing is known of what is held, which is not none.
func TestHeldIsNotKnown(t *testing.T) {
	r := climb(1000, 1, 0, []int{1, 8, 64}, []float64{1e3, 1e3, -1}, []float64{1e3, 1e3, -1})
	if s := scalingOf(r); s.Held != 0 || s.Most != 0 {
		t.Errorf("%+v", s)
	}
}
