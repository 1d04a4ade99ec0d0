package results_test

import (
	"testing"

	"nodecompare/results"
)

// requests has each run of a mode at a load have so many of them, errors included.
func requests(r *results.Record, mode, load string, connections, n, errors int) {
	for _, t := range r.Trials {
		for i := range t.Rungs {
			if g := &t.Rungs[i]; t.Mode == mode && g.Load == load &&
				(load != results.Closed || g.Connections == connections) {
				g.Requests, g.Errors = uint64(n), uint64(errors)
			}
		}
	}
}

// Each percentile takes as many answers as have one beyond it. Where a single trial has fewer the
// mode has no such figure at all: its other trials are those in which it was quick.
func TestPercentilesOfFewRequests(t *testing.T) {
	for _, test := range []struct {
		requests, errors int
		p50, p99         bool
	}{{1, 0, false, false}, {2, 0, true, false}, {99, 0, true, false}, {100, 0, true, true},
		{150, 51, true, false}, {150, 50, true, true}} {
		r := recordOf(often(even))
		requests(r, "a", results.Closed, 64, test.requests, test.errors)
		for _, f := range []struct {
			results.Figure
			want bool
		}{{results.P50, test.p50}, {results.P99, test.p99}, {results.Throughput, true}, {results.Longest, true}} {
			if e, ok := r.Estimate("wait", "a", results.ClosedAt(64), f.Figure); ok != f.want {
				t.Errorf("%d requests, %d errors: %s is %v, known %v", test.requests, test.errors, f.Name, e, ok)
			}
		}
	}
	for _, test := range []struct {
		name   string
		change func(*results.Rung)
		want   bool
	}{
		{"too few", func(g *results.Rung) { g.Requests = 99 }, false},
		{"too few, and VOID", func(g *results.Rung) {
			g.Requests, g.Trust = 99, &results.Trust{Status: results.Void}
		}, true},
		{"too few viewers, however many segments they had", func(g *results.Rung) {
			g.Viewing = &results.Viewing{Viewers: 120, Unstarted: 21}
		}, false},
		{"none that was answered", func(g *results.Rung) { g.Errors = g.Requests }, true},
	} {
		r := recordOf(often(even))
		test.change(&r.Trials[2].Rungs[0])
		if _, ok := r.Estimate("wait", "a", results.ClosedAt(64), results.P99); ok != test.want {
			t.Errorf("one trial of six with %s: known %v", test.name, ok)
		}
		if _, ok := r.Estimate("wait", "a", results.ClosedAt(1000), results.P99); !ok {
			t.Errorf("one trial of six with %s: it has no p99 elsewhere either", test.name)
		}
	}
}

// No word follows from a percentile that few requests cannot carry: neither that two modes differ,
// nor, at light load, that one cannot tell.
func TestWordsOfFewRequests(t *testing.T) {
	slow := with(func(m *measurement) { m.p99at1000 *= 5 })
	r := recordOf(often(even), often(slow))
	if got := words(r, results.RowScalability); got != "High, Lower" {
		t.Fatalf("of many requests: %s", got)
	}
	requests(r, "a", results.Closed, 1000, 99, 0)
	if got := words(r, results.RowScalability); got != "Cannot tell, Cannot tell" {
		t.Errorf("of few requests: %s", got)
	}

	r = recordOf(often(even), often(even))
	requests(r, "b", results.Common, 0, 40, 0)
	var compared []results.Comparison
	for _, c := range results.Judge(r)[0].Findings[1].Comparisons {
		if compared = append(compared, c); c.Light && c.Metric == results.P99.Name {
			t.Errorf("p99 of 40 requests was asked at light load: %+v", c)
		}
	}
	if l := results.Between(compared); !l.LightSame || !l.Same {
		t.Errorf("%+v", l)
	}
}

// Of few requests each must have been within the objective for their connections to count as held.
func TestHeldByFewRequests(t *testing.T) {
	for longest, want := range map[float64]int{99e3: 1000, 101e3: 64} {
		r := recordOf(often(with(func(m *measurement) { m.p99at1000 = longest })))
		r.Settings.SLOUS = 100e3
		requests(r, "a", results.Closed, 1000, 20, 0)
		if s := scalingOf(r); s.Held != want {
			t.Errorf("the longest took %v µs: %+v", longest, s)
		}
	}
}
