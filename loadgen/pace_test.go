package loadgen_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nodecompare/loadgen"
)

// A request is due when the integral of the rate reaches its number, whatever the ramp, and the
// number of all is the integral at the end.
func TestPaceIsTheIntegralOfItsRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := loadgen.Pace{Rate: rapid.Float64Range(1, 10_000).Draw(t, "from"),
			To:   rapid.Float64Range(1, 10_000).Draw(t, "to"),
			Over: time.Duration(rapid.Float64Range(0.5, 100).Draw(t, "over") * 1e9)}
		all := p.Offered(p.Over)
		if want := (p.Rate + p.To) / 2 * p.Over.Seconds(); math.Abs(float64(all)-want) > 0.5+1e-6*want {
			t.Fatalf("%d requests, want %.1f", all, want)
		}
		before := time.Duration(-1)
		for _, part := range []float64{0, 0.1, 0.5, 0.9, 1} {
			seq := uint64(part * float64(all-1))
			due := p.Due(seq)
			s := due.Seconds()
			integral := p.Rate*s + (p.To-p.Rate)/p.Over.Seconds()*s*s/2
			if math.Abs(integral-float64(seq)) > 1e-4*float64(seq)+p.At(due)*1e-6 {
				t.Fatalf("request %d is due at %v, when %.3f are due", seq, due, integral)
			}
			if due < before || due > p.Over {
				t.Fatalf("request %d is due at %v, the one before at %v", seq, due, before)
			}
			before = due
		}
	})
}

// Both engines send each request of a ramp once, none before it is due, at a rate that grows.
func TestRamp(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{loadgen.Vegeta, loadgen.Loop} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			var seen atomic.Uint64
			s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
			defer s.Close()
			const from, to, lasts = 20, 380, 500 * time.Millisecond
			const all = (from + to) / 2 / 2
			numbers := map[uint64]time.Time{}
			a := loadgen.Attack{Target: loadgen.Target{URL: s.URL}, Engine: engine, Connections: 16, Threads: 2,
				Rate: from, To: to, Duration: lasts,
				Each: func(x *loadgen.Outcome) {
					if x.Sent.Before(x.Due) {
						t.Errorf("request %d was sent %v early", x.Seq, x.Due.Sub(x.Sent))
					}
					numbers[x.Seq] = x.Due
				}}
			g, err := loadgen.Open(a)
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			r, err := g.Run(t.Context(), lasts)
			if err != nil {
				t.Fatal(err)
			}
			if r.Requests+r.Unsent != all || r.Errors != 0 || seen.Load() != r.Requests || r.Offered != (from+to)/2 {
				t.Errorf("%d requests, %d unsent, %d errors, the server saw %d, at %v/s; want %d in all",
					r.Requests, r.Unsent, r.Errors, seen.Load(), r.Offered, all)
			}
			early := 0
			for _, due := range numbers {
				if due.Sub(numbers[0]) < lasts/2 {
					early++
				}
			}
			// the integral of the first half: 20/s to 200/s for 0.25 s
			if len(numbers) == all && early != 28 {
				t.Errorf("%d of %d requests were due in the first half, want 28", early, len(numbers))
			}
		})
	}
}

func TestRampIsRefused(t *testing.T) {
	for _, a := range []loadgen.Attack{
		{To: 5, Duration: time.Second}, {Rate: 5, To: -1, Duration: time.Second}, {Rate: 5, To: 9},
		{Rate: 5, To: math.Inf(1), Duration: time.Second}, {Rate: 5, To: 9, Duration: time.Second, Requests: 3},
	} {
		a.Target.URL, a.Connections = "http://127.0.0.1:1/", 1
		if g, err := loadgen.Open(a); err == nil {
			g.Close()
			t.Errorf("a ramp from %v to %v in %v is taken", a.Rate, a.To, a.Duration)
		}
	}
}
