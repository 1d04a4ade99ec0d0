package loadgen_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/loadgen"
	"nodecompare/results"
)

// evidence is what a run by itself tells; that of processes and of the host is not in it.
func evidence(a loadgen.Attack, r *loadgen.Result) results.Evidence {
	us := func(quantile float64) float64 { return float64(r.Latency.ValueAtQuantile(quantile)) / 1e3 }
	e := results.Evidence{
		Open: a.Rate > 0, Elapsed: r.Elapsed,
		Offered: r.Requests + r.Aborted + r.Unsent, Sent: r.Requests + r.Aborted, SendLagUS: float64(r.SendLag.ValueAtQuantile(99)) / 1e3,
		Requests: r.Requests, Errors: r.Errors, Unanswered: r.Errors - r.ErrorKinds[loadgen.Status], Recorded: uint64(r.Latency.TotalCount()),
		LatencyUS: results.Latency{Mean: r.Latency.Mean() / 1e3, P50: us(50), P90: us(90), P99: us(99), P999: us(99.9), Max: float64(r.Latency.Max()) / 1e3},
	}
	if a.Rate == 0 {
		e.Connections = a.Connections
	}
	for _, n := range r.ErrorKinds {
		e.ErrorsByKind += n
	}
	for _, n := range r.Codes {
		e.Answers += n
	}
	return e
}

// The counts of a real load add up, and its figures agree, also where a server fails in more than one way.
func TestRealLoadsAreNotVoid(t *testing.T) {
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch n.Add(1) % 20 {
		case 3:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 7:
			// The connection ends within the response: before its first byte the request would be sent again.
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
		a := loadgen.Attack{Target: loadgen.Target{URL: server.URL}, Connections: 8, Rate: rate, Duration: 300 * time.Millisecond}
		r, err := loadgen.Run(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.ErrorKinds) < 2 {
			t.Errorf("%s: errors %v, want two kinds of them", name, r.ErrorKinds)
		}
		trust := results.Weigh(evidence(a, r))
		for _, reason := range trust.Reasons {
			if !strings.Contains(reason, "late") && !strings.Contains(reason, "were due") { // a slow machine may be that
				t.Errorf("%s: %s", name, reason)
			}
		}
	}
}

// One connection to a server that takes 50 ms for an answer cannot carry 300 requests a second.
func TestOverloadIsVoid(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	a := loadgen.Attack{Target: loadgen.Target{URL: server.URL}, Connections: 1, Rate: 300, Duration: 200 * time.Millisecond}
	r, err := loadgen.Run(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	trust := results.Weigh(evidence(a, r))
	if trust.Status != results.Void || len(trust.Reasons) != 2 || !strings.Contains(trust.Reasons[0], "of 60)") || !strings.Contains(trust.Reasons[1], "late or more") {
		t.Errorf("%+v; want that most was not sent, and the rest late", trust)
	}
}

func TestWarmOnARealServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	g, err := loadgen.Open(loadgen.Attack{Target: loadgen.Target{URL: server.URL}, Connections: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	w, err := loadgen.Warm(t.Context(), g.Run, loadgen.Settling{Window: 20 * time.Millisecond, Cap: time.Minute})
	if err != nil || !w.Steady || w.Windows < loadgen.SteadyWindows || w.Errors != 0 {
		t.Errorf("%+v, %v", w, err)
	}
	t.Logf("%d windows, %v, level from %d", w.Windows, w.Took, w.From)
}
