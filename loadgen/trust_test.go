package loadgen_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/cmd/evidence"
	"nodecompare/loadgen"
	"nodecompare/results"
)

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
		trust := results.Weigh(evidence.From(a, r, nil, 0, nil))
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
	trust := results.Weigh(evidence.From(a, r, nil, 0, nil))
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
