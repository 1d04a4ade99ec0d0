package loadgen_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"nodecompare/loadgen"
)

// slow answers one request after another, each after the time given.
func slow(t *testing.T, each time.Duration) string {
	turn := make(chan struct{}, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case turn <- struct{}{}:
		case <-r.Context().Done():
			return
		}
		defer func() { <-turn }()
		select {
		case <-time.After(each):
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestObjective(t *testing.T) {
	t.Parallel()
	o := loadgen.Objective{P99: 3 * time.Second}
	for _, engine := range loadgen.Engines {
		t.Run(engine.Name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(http.ResponseWriter, *http.Request) {})
			a := loadgen.Attack{Target: loadgen.Target{URL: s.URL}, Connections: 500, Rate: 400,
				Duration: 100 * time.Millisecond, Engine: engine.Name}
			p, err := o.Try(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			// 100 requests at the least, however short the probe was to be.
			if !p.Meets || p.Why != "" || p.Cut || p.Result.Requests != 100 || p.Host == nil || p.Cores < 1 {
				t.Errorf("a small part of what the server can do: %+v, %+v", p, p.Result)
			}
		})
	}
	t.Run("late", func(t *testing.T) {
		t.Parallel()
		a := loadgen.Attack{Target: loadgen.Target{URL: slow(t, 20*time.Millisecond)}, Connections: 500,
			Rate: 1000, Duration: 200 * time.Millisecond, Timeout: time.Minute}
		p, err := loadgen.Objective{P99: 100 * time.Millisecond}.Try(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		// 200 requests take 4 s: the probe ends when three of them have been late.
		if p.Meets || !p.Cut || !strings.Contains(p.Why, "later than 100ms") || p.Result.Requests > 150 {
			t.Errorf("20 times what the server can do: %+v, %+v", p, p.Result)
		}
	})
	t.Run("errors", func(t *testing.T) {
		t.Parallel()
		s := httptest.NewServer(http.NotFoundHandler())
		defer s.Close()
		a := loadgen.Attack{Target: loadgen.Target{URL: s.URL}, Connections: 2, Rate: 500,
			Duration: 200 * time.Millisecond}
		p, err := o.Try(t.Context(), a)
		if err != nil || p.Meets || p.Why != "status: status 404" {
			t.Errorf("%+v, %v", p, err)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		a := loadgen.Attack{Target: loadgen.Target{URL: slow(t, time.Millisecond)}, Connections: 2,
			Rate: 100, Duration: time.Minute}
		a.Each = func(*loadgen.Outcome) { cancel() }
		if p, err := o.Try(ctx, a); !errors.Is(err, context.Canceled) || p != nil {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

// Each is told of every request, with the times that the latencies are made of.
func TestEachOutcome(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := w.Write([]byte("four")); err != nil {
			t.Error(err)
		}
	}))
	defer s.Close()
	for _, engine := range loadgen.Engines {
		for _, rate := range []float64{0, 500} {
			for _, want := range []int{0, 201} {
				var requests, failed uint64
				var longest time.Duration
				before := time.Now()
				a := loadgen.Attack{Target: loadgen.Target{URL: s.URL}, Connections: 4, Rate: rate,
					Duration: 100 * time.Millisecond, Engine: engine.Name, WantStatus: want}
				a.Each = func(x *loadgen.Outcome) {
					requests++
					if x.Kind != "" {
						failed++
						if x.Kind != loadgen.Status || x.Error != "status 200" {
							t.Errorf("error %q: %q", x.Kind, x.Error)
						}
					} else {
						longest = max(longest, x.End.Sub(x.Due))
					}
					if x.Due.Before(before) || x.Sent.Before(x.Due) || x.End.Before(x.Sent) ||
						x.Code != 200 || x.Bytes != 4 {
						t.Errorf("%s at %v: %+v", engine.Name, rate, *x)
					}
				}
				r, err := drive(t.Context(), a)
				if err != nil {
					t.Fatal(err)
				}
				if requests != r.Requests || failed != r.Errors || (want == 0) != (failed == 0) {
					t.Errorf("%s at %v: told of %d requests and %d errors; the result has %d and %d",
						engine.Name, rate, requests, failed, r.Requests, r.Errors)
				}
				if d := time.Duration(r.Latency.Max()) - longest; d < 0 || d > longest/500+1 {
					t.Errorf("%s at %v: the longest latency is %v by the outcomes, %v by the histogram",
						engine.Name, rate, longest, time.Duration(r.Latency.Max()))
				}
			}
		}
	}
}
