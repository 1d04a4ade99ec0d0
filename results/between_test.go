package results_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"nodecompare/results"
)

// climbed returns a record of one trial that climbed a ladder on a workload, and the workload with
// the ladder.
func climbed(w results.Workload, ladder []int, rung func(int) results.Rung) (*results.Record, results.Workload) {
	trial := results.Trial{Workload: w.Name, Mode: "it", Round: 1}
	for _, n := range ladder {
		w.Ladder = append(w.Ladder, results.Step{Connections: n})
		trial.Rungs = append(trial.Rungs, rung(n))
	}
	return &results.Record{
		Settings: results.Settings{Rounds: 1, Modes: []results.Mode{{Name: "it"}},
			Workloads: []results.Workload{w}, SLOUS: 100e3},
		Trials: []results.Trial{trial},
	}, w
}

// Wherever the knee lies, and the most connections that a server holds, a few runs between the
// rungs find both to within a third; but for a knee at the top, where throughput still grows, and
// what is held below the first rung, or on all of them.
func TestBetween(t *testing.T) {
	ladder := []int{1, 8, 64, 512, 1000}
	rapid.Check(t, func(t *rapid.T) {
		knee, most := rapid.IntRange(1, 1000).Draw(t, "knee"), rapid.IntRange(0, 1200).Draw(t, "held")
		rung := func(n int) results.Rung {
			rps := 10_000 * math.Min(1, 0.9*float64(n)/float64(knee))
			p99 := 100e3 * (0.5 + 0.5*float64(n)/float64(most+1))
			if n > most {
				p99 = 200e3
			}
			return results.Rung{Load: results.Closed, Connections: n, Requests: 1000, ThroughputRPS: rps,
				LatencyUS: results.Latency{P99: p99}}
		}
		w := results.Workload{Name: "hello", Base: 64}
		r, w := climbed(w, ladder, rung)
		before := scalingOf(r)
		runs := 0
		for n := r.NextBetween(w, "it"); n > 0; n = r.NextBetween(w, "it") {
			if runs++; runs > 6 {
				t.Fatalf("more than 6 runs: %+v", r.Trials[0].Between)
			}
			r.Trials[0].Between = append(r.Trials[0].Between, rung(n))
		}
		near := 1.3
		if runs == 6 { // of small numbers rounding may leave one halving undone
			near = 1.7
		}
		got := scalingOf(r)
		// the highest throughput tried is that of 1,000 connections, which may be less than the
		// most there is
		reached := knee
		if full := float64(knee) / 0.9; full > 1000 {
			reached = int(math.Ceil(0.9 * 1000))
		}
		if got.Knee < reached || before.Knee < 1000 && float64(got.Knee) > near*float64(max(reached, 1))+1 {
			t.Errorf("knee %d for %d, by the rungs %d, after %d runs", got.Knee, reached, before.Knee, runs)
		}
		if got.Held > most || before.Held > 0 && before.Held < 1000 && float64(most) > near*float64(got.Held)+1 {
			t.Errorf("held %d for %d, by the rungs %d, after %d runs", got.Held, most, before.Held, runs)
		}
		if got.Most != 1000 || before.Held == 0 && got.Held != 0 {
			t.Errorf("%+v, by the rungs %+v", got, before)
		}
	})
}

// Where connections hear or view, a mode that holds all of the ladder is tried with more of them:
// the most that it holds is found to within a third, or is at least the most that was tried.
func TestBetweenGoesBeyond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const beyond = 8000
		most := rapid.IntRange(32, 12_000).Draw(t, "held")
		rung := func(n int) results.Rung {
			r := results.Rung{Load: results.Closed, Connections: n, ThroughputRPS: float64(10 * n)}
			if n <= 2*most { // else nothing is answered at all
				r.Requests, r.LatencyUS = 1000, results.Latency{P99: 100e3 * float64(n) / float64(max(most, 1))}
			}
			return r
		}
		w := results.Workload{Name: "chat", Base: 512, Tells: true, Beyond: beyond}
		r, w := climbed(w, []int{64, 512, 1000}, rung)
		tried := 1000
		for n := r.NextBetween(w, "it"); n > 0; n = r.NextBetween(w, "it") {
			if tried = max(tried, n); n >= beyond || len(r.Trials[0].Between) >= 6 {
				t.Fatalf("%d connections after %d runs", n, len(r.Trials[0].Between))
			}
			r.Trials[0].Between = append(r.Trials[0].Between, rung(n))
		}
		got := scalingOf(r)
		switch {
		case most >= 1000 && got.Most != tried:
			t.Errorf("the most tried are %d, not %d", got.Most, tried)
		case got.Held > most:
			t.Errorf("held %d of %d", got.Held, most)
		case most < 64, got.Held == got.Most && float64(got.Most)*1.3 >= beyond:
		case float64(most) > 1.3*float64(got.Held)+1:
			t.Errorf("held %d for %d, of %d tried", got.Held, most, got.Most)
		}
	})
}

// A run that is VOID says nothing, and neither do those of a trial that failed.
func TestBetweenLeavesRunsOut(t *testing.T) {
	rung := func(n int, rps float64) results.Rung {
		return results.Rung{Load: results.Closed, Connections: n, Requests: 1000, ThroughputRPS: rps,
			LatencyUS: results.Latency{P99: 1e3}}
	}
	w := results.Workload{Name: "hello", Base: 64,
		Ladder: []results.Step{{Connections: 8}, {Connections: 64}, {Connections: 512}}}
	r := &results.Record{
		Settings: results.Settings{Rounds: 1, Modes: []results.Mode{{Name: "it"}},
			Workloads: []results.Workload{w}, SLOUS: 100e3},
		Trials: []results.Trial{{
			Workload: "hello", Mode: "it", Round: 1,
			Rungs:   []results.Rung{rung(8, 1000), rung(64, 10_000), rung(512, 10_000)},
			Between: []results.Rung{rung(23, 9_500)},
		}},
	}
	if s := scalingOf(r); s.Knee != 23 {
		t.Errorf("%+v", s)
	}
	r.Trials[0].Between[0].Trust = &results.Trust{Status: results.Void}
	if s := scalingOf(r); s.Knee != 64 || r.NextBetween(w, "it") != 23 {
		t.Errorf("a VOID run: %+v", s)
	}
	r.Trials[0].Between = []results.Rung{rung(2000, 20_000)}
	r.Trials[0].Failure = "the server died with 4,000 connections"
	if s := scalingOf(r); s.Most == 2000 {
		t.Errorf("of a trial that failed: %+v", s)
	}
}
