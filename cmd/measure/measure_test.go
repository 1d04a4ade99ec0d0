package measure_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
)

// drive opens a generator for the attack, has it run for its duration, and closes it.
func drive(ctx context.Context, a loadgen.Attack) (*loadgen.Result, error) {
	g, err := loadgen.Open(a)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	return g.Run(ctx, a.Duration)
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := w.Write([]byte("four")); err != nil {
			t.Error(err)
		}
	}))
	defer s.Close()
	for _, engine := range loadgen.Engines {
		for _, a := range []loadgen.Attack{
			{WantBody: []byte("five")}, {WantStatus: 201}, {}, {Rate: 200},
		} {
			a.Target.URL, a.Connections, a.Duration, a.Engine = s.URL, 3, 100*time.Millisecond, engine.Name
			r, err := drive(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			e := measure.Evidence(a, &loadgen.Measurement{Result: r, Cores: 2})
			if a.WantBody != nil || a.WantStatus != 0 {
				// Whole responses, though unwanted: they are answers, and all counts add up.
				if e.Errors != e.Requests || e.Unanswered != 0 || e.Answers != e.Requests || e.Recorded != 0 {
					t.Errorf("%s: %+v", engine.Name, e)
				}
			}
			if slices.ContainsFunc(results.Weigh(e).Reasons,
				func(reason string) bool { return strings.Contains(reason, "add up") }) {
				t.Errorf("%s: %+v", engine.Name, results.Weigh(e))
			}
			if open := a.Rate > 0; e.Open != open || (e.Offered == 20) != open ||
				(e.Connections == 3) == open || e.AlwaysInFlight != (!open && engine.Name == loadgen.Loop) {
				t.Errorf("%s: %+v", engine.Name, e)
			}
			if e.Duration != a.Duration || e.Elapsed != r.Elapsed || e.Starting != r.Starting ||
				(e.Starting > 0) != e.AlwaysInFlight {
				t.Errorf("%s: %+v", engine.Name, e)
			}
		}
	}
}

// How long a load was to send says nothing once it was cut short.
func TestEvidenceOfALoadThatWasCutShort(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hold }))
	defer s.Close()
	defer close(hold)
	for _, engine := range loadgen.Engines {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		a := loadgen.Attack{Target: loadgen.Target{URL: s.URL}, Connections: 3, Duration: time.Hour,
			Engine: engine.Name}
		r, err := drive(ctx, a)
		if !errors.Is(err, context.DeadlineExceeded) || r.Aborted == 0 {
			t.Fatalf("%s: %+v, %v", engine.Name, r, err)
		}
		if e := measure.Evidence(a, &loadgen.Measurement{Result: r}); e.Duration != 0 ||
			results.Weigh(e).Status != results.Valid {
			t.Errorf("%s: %+v, %+v", engine.Name, e, results.Weigh(e))
		}
	}
}

// The generator's share is of the run, and an engine on one thread has one core whatever the
// machine has.
func TestGeneratorAndHost(t *testing.T) {
	t.Parallel()
	a := loadgen.Attack{Connections: 1, Engine: loadgen.Loop}
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	a.Target.URL, a.Duration = s.URL, 20*time.Millisecond
	r, err := drive(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	w := &sample.Window{Elapsed: 2 * r.Elapsed, CPU: 3 * time.Second}
	i := &sample.Interference{CPUs: 2, Stolen: 1, Busy: 2, Throttles: 3, Throttled: 4}
	e := measure.Evidence(a, &loadgen.Measurement{Result: r, Generator: w, Cores: 8, Host: i})
	if e.Generator.Cores != 1 || e.Generator.CPU != 1500*time.Millisecond {
		t.Errorf("%+v", e.Generator)
	}
	if e.CPUs != 2 || e.Stolen != 1 || e.Busy != 2 || e.Throttles != 3 || e.Throttled != 4 {
		t.Errorf("%+v", e)
	}
	late := *r // a request failed long after the last answer
	late.Ended = 2 * r.Elapsed
	e = measure.Evidence(a, &loadgen.Measurement{Result: &late, Generator: w, Cores: 8})
	if e.Elapsed != r.Elapsed || e.Ended != 2*r.Elapsed || e.Generator.CPU != 3*time.Second {
		t.Errorf("the load used what it used until its last answer: %+v", e)
	}
	a.Engine = loadgen.Vegeta
	if e := measure.Evidence(a, &loadgen.Measurement{Result: r, Generator: w, Cores: 8}); e.Generator.Cores != 8 {
		t.Errorf("%+v", e.Generator)
	}
	for _, engine := range loadgen.Engines {
		a.Engine = engine.Name
		for percent, atItsLimit := range map[int]bool{10: false, 99: true} {
			w := &sample.Window{Elapsed: r.Elapsed, CPU: r.Elapsed * time.Duration(percent) / 100}
			trust := results.Weigh(measure.Evidence(a, &loadgen.Measurement{Result: r, Generator: w, Cores: 1}))
			if slices.Contains(trust.Rules, "generator CPU") != atItsLimit {
				t.Errorf("%s, with %d%% of a core: %+v", engine.Name, percent, trust)
			}
		}
	}
}
