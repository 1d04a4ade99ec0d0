package measure_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// The counts of a real load add up, and its figures agree, also where a server fails in more than
// one way.
func TestRealLoadsAreNotVoid(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch n.Add(1) % 20 {
		case 3:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 7:
			// The connection ends within the response: before its first byte the request would be
			// sent again.
			w.Header().Set("Content-Length", "10")
			if _, err := w.Write([]byte("half")); err != nil {
				t.Error(err)
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	for name, rate := range map[string]float64{"closed": 0, "open": 300} {
		a := loadgen.Attack{Target: loadgen.Target{URL: server.URL}, Connections: 8, Rate: rate,
			Duration: 300 * time.Millisecond, Engine: loadgen.Vegeta}
		r, err := drive(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.ErrorKinds) < 2 {
			t.Errorf("%s: errors %v, want two kinds of them", name, r.ErrorKinds)
		}
		trust := results.Weigh(measure.Evidence(a, &loadgen.Measurement{Result: r}))
		for _, reason := range trust.Reasons {
			// a slow machine may be that
			if !strings.Contains(reason, "late") && !strings.Contains(reason, "were due") {
				t.Errorf("%s: %s", name, reason)
			}
		}
	}
}

// One connection to a server that takes 50 ms for an answer cannot carry 300 requests a second.
func TestOverloadIsVoid(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	a := loadgen.Attack{Target: loadgen.Target{URL: server.URL}, Connections: 1, Rate: 300,
		Duration: 200 * time.Millisecond}
	r, err := drive(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	trust := results.Weigh(measure.Evidence(a, &loadgen.Measurement{Result: r}))
	if trust.Status != results.Void || len(trust.Reasons) != 2 ||
		!strings.Contains(trust.Reasons[0], "of 60)") || !strings.Contains(trust.Reasons[1], "late or more") {
		t.Errorf("%+v; want that most was not sent, and the rest late", trust)
	}
}

// A closed load that the server keeps waiting for its last answer, long after the time for sending
// is over: all connections but one idle meanwhile, and nothing is wrong.
func TestLateEndIsValid(t *testing.T) {
	t.Parallel()
	const connections, duration = 100, 600 * time.Millisecond
	var once sync.Once
	began := sync.OnceValue(time.Now) // with the first request, however long the load took to come to it
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		wait := 20 * time.Millisecond
		if time.Since(began()) > duration/2 {
			once.Do(func() { wait = duration })
		}
		select {
		case <-time.After(wait):
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	a := loadgen.Attack{Target: loadgen.Target{URL: server.URL}, Connections: connections,
		Duration: duration, Engine: loadgen.Loop}
	r, err := drive(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if r.Duration != duration || r.Elapsed < duration*5/4 || r.Starting <= 0 || r.Starting > duration {
		t.Errorf("a load of %v, in which connections sent first after %v in the mean, took %v", r.Duration,
			r.Starting, r.Elapsed)
	}
	// With no share allowed for: from its first request on a connection is never without one.
	each := time.Duration(r.Latency.Mean() * float64(r.Latency.TotalCount()) / connections)
	if r.Errors != 0 || each < (duration-r.Starting)*995/1000 || each > r.Elapsed*1005/1000 {
		t.Errorf("%d errors; the latencies of a connection add up to %v, from %v on, in a load of %v that took %v",
			r.Errors, each, r.Starting, duration, r.Elapsed)
	}
	if trust := results.Weigh(measure.Evidence(a, &loadgen.Measurement{Result: r})); trust.Status != results.Valid {
		t.Errorf("%+v", trust)
	}
}
