package selftest_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"nodecompare/cmd/selftest"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// The path is a queue's: with service times that are all alike nobody waits below a utilisation of
// 1, and above it everybody does, longer and longer; with exponential ones the time in a D/M/1
// queue is exponential too, with a mean of S/(1-σ), where σ = exp(-(1-σ)/ρ).
func TestPath(t *testing.T) {
	q := selftest.Queue{Law: "D", Mean: 2 * time.Millisecond, Utilisation: 0.9}
	for i, took := range q.Path(1000) {
		if took != q.Mean {
			t.Fatalf("request %d of a D/D/1 queue at 0.9 took %v", i, took)
		}
	}
	q.Utilisation = 2
	if path := q.Path(1001); path[0] != q.Mean || path[1000] != 1000*q.Mean/2+q.Mean {
		t.Errorf("at twice what it can do the first took %v and the last %v", path[0], path[1000])
	}
	q.Law = "M"
	for _, rho := range []float64{0.5, 0.8, 0.9} {
		q.Utilisation = rho
		path := q.Path(200_000)
		slices.Sort(path)
		sigma := 0.5
		for range 1000 {
			sigma = math.Exp(-(1 - sigma) / rho)
		}
		for _, quantile := range []float64{0.5, 0.9, 0.99} {
			want := q.Mean.Seconds() / (1 - sigma) * -math.Log(1-quantile)
			if got := path[int(quantile*float64(len(path)))].Seconds(); math.Abs(got/want-1) > 0.06 {
				t.Errorf("D/M/1 at %v: %v of the requests took at most %.2f ms, and by theory %.2f ms", rho,
					quantile, 1e3*got, 1e3*want)
			}
		}
	}
}

// An engine that says less than the queue takes is never right: for certain, unless it sent so late
// that it was another queue.
func TestQueueIsNoShorter(t *testing.T) {
	p := brief()
	p.Delays, p.Stall = nil, selftest.Stall{}
	p.Queues = []selftest.Queue{{Law: "D", Mean: 5 * time.Millisecond, Utilisation: 0.9,
		Duration: 200 * time.Millisecond}}
	late := false
	open := p.Engines[0].Open
	p.Engines = []selftest.Engine{{Name: "quick", Open: func(a loadgen.Attack) (selftest.Generator, error) {
		g, err := open(a)
		return wrong{Generator: g, spoil: func(r *loadgen.Result) {
			n := r.Latency.TotalCount()
			r.Latency.Reset()
			late = r.SendLag.Max() > (5 * time.Millisecond).Nanoseconds()
			if err := r.Latency.RecordValues((4900 * time.Microsecond).Nanoseconds(), n); err != nil {
				t.Error(err)
			}
		}}, err
	}}}
	s, err := selftest.Run(t.Context(), p, ignore)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Checks) != 2 || s.Verdict != results.SelftestWrong && !late {
		t.Errorf("%s: %+v", s.Verdict, s.Checks)
	}
	for _, c := range s.Checks {
		if c.Truth < 4990 || c.Truth > 5010 || c.Verdict == results.SelftestOK {
			t.Errorf("%+v", c)
		}
	}
}
