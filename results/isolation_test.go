package results_test

import (
	"testing"

	"nodecompare/results"
)

// amidPoison is a record of two modes' victim requests: the share that is answered, and p99 by
// round.
func amidPoison(answeredA, answeredB float64, p99A, p99B []float64) *results.Record {
	r := &results.Record{Settings: results.Settings{
		Rounds: len(p99A), Modes: []results.Mode{{Name: "a"}, {Name: "b"}},
		Workloads: []results.Workload{{Name: "blast", Base: 64, Ladder: []results.Step{{Connections: 64}},
			Poison: &results.Poison{Target: "/cpu", RateRPS: 2}}},
	}}
	for i := range p99A {
		for _, m := range []struct {
			name     string
			answered float64
			p99      float64
		}{{"a", answeredA, p99A[i]}, {"b", answeredB, p99B[i]}} {
			r.Trials = append(r.Trials,
				results.Trial{Workload: "blast", Mode: m.name, Round: i + 1, Rungs: []results.Rung{{
					Load: results.Amid, Requests: 1000, Errors: uint64(1000 * (1 - m.answered)),
					LatencyUS: results.Latency{P99: m.p99},
				}}})
		}
	}
	return r
}

func TestIsolationWords(t *testing.T) {
	low, high := about(1000), about(300_000)
	for _, c := range []struct {
		name                 string
		answeredA, answeredB float64
		p99A, p99B           []float64
		a, b                 string
	}{
		{"the loop waits", 1, 1, low, high, results.High, results.Lower},
		{"the other way round", 1, 1, high, low, results.Lower, results.High},
		{"alike", 1, 1, low, low, results.NoDifference, results.NoDifference},
		{"not answered at all", 0.5, 1, low, high, results.Lower, results.High},
		{"too few rounds", 1, 1, low[:3], high[:3], results.CannotTell, results.CannotTell},
	} {
		v := results.Judge(amidPoison(c.answeredA, c.answeredB, c.p99A, c.p99B))
		if len(v) != 1 || len(v[0].Findings) != 1 {
			t.Fatalf("%s: %+v", c.name, v)
		}
		f := v[0].Findings[0]
		if f.Row != results.RowIsolation || f.Of("a") != c.a || f.Of("b") != c.b || len(f.Comparisons) != 2 {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
}
