package bench_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nodecompare/cmd/bench"
	"nodecompare/results"
	"nodecompare/thorough"
)

// oneRound is the record of one quick round on a workload, which went well.
func oneRound(t *testing.T, workload string, o bench.Options) *results.Record {
	t.Helper()
	o.Workloads, o.Profile, o.Rounds, o.Seed = []string{workload}, "quick", 1, 1
	p, err := bench.NewPlan(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Prepare(t.Context(), func(s string) { t.Log(s) }); err != nil {
		t.Fatal(err)
	}
	r, err := bench.Run(t.Context(), p, bench.Silent{})
	if err != nil || bench.Failed(r) != nil {
		t.Fatal(err, r.Trials)
	}
	return r
}

// overloaded is the overload of the one trial of a bench.
func overloaded(t *testing.T, o bench.Options) (*results.Record, results.Rung) {
	t.Helper()
	r := oneRound(t, "overload", o)
	rungs := r.Trials[0].Rungs
	last := rungs[len(rungs)-1]
	if last.Load != results.Overload || last.SurgeOutcome == nil {
		t.Fatalf("the trial ends with %+v", last)
	}
	return r, last
}

// A real event loop at twice what it could do: every request is accounted for.
func TestOverloadMeasuresRealServers(t *testing.T) {
	thorough.Only(t)
	defer goleak.VerifyNone(t)
	r, over := overloaded(t, bench.Options{Modes: []string{"async"}})
	checkNoChildren(t)
	outcome, surge := over.SurgeOutcome, r.Settings.Workloads[0].Surge
	sum := outcome.InTime + outcome.Late + outcome.Refused + outcome.TimedOut + outcome.Unsent
	if sum != outcome.Due || outcome.Due == 0 {
		t.Errorf("%d of %d requests of the surge are accounted for: %+v", sum, outcome.Due, outcome)
	}
	capacity := r.Rates[0].CapacityRPS
	for _, rung := range r.Trials[0].Rungs {
		if rung.Load == results.Closed && rung.Trust.Status != results.Void {
			capacity = max(capacity, rung.ThroughputRPS)
		}
	}
	offered := surge.Times * capacity
	if math.Abs(over.OfferedRPS-offered) > 1e-6*offered || math.Abs(float64(outcome.Due)-offered*surge.ForS) > 2 {
		t.Errorf("%v/s offered, %d requests due, want %v/s for %v s", over.OfferedRPS, outcome.Due, offered, surge.ForS)
	}
	var steps uint64
	for i := range outcome.DueInTime {
		steps += outcome.DueInTime[i] + outcome.DueOtherwise[i]
	}
	if steps != over.Requests+over.Unsent {
		t.Errorf("the steps have %d requests, the load %d", steps, over.Requests+over.Unsent)
	}
	if outcome.InFlight == 0 || over.ElapsedS < surge.ForS+surge.ThenS-0.1 || outcome.RecoveryS > surge.ThenS {
		t.Errorf("%+v in %v s", outcome, over.ElapsedS)
	}
}

// A server that can do 64 things at once, and says 503 to what comes beyond: the surge is refused
// and not late, and is over when it is over.
func TestOverloadOfAServerThatRefuses(t *testing.T) {
	thorough.Only(t)
	defer bench.Compiled()()
	const most = 66
	var inside atomic.Int64
	mux := http.NewServeMux() // one that answers every path would be left out
	mux.HandleFunc("/mix", func(w http.ResponseWriter, _ *http.Request) {
		defer inside.Add(-1)
		if inside.Add(1) > most {
			http.Error(w, "too much", http.StatusServiceUnavailable)
			return
		}
		time.Sleep(20 * time.Millisecond)
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	servers, err := bench.ParseServers([]string{"careful=" + s.URL}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, over := overloaded(t, bench.Options{Servers: servers})
	if over.SurgeOutcome.Refused == 0 || over.ErrorKinds["status"] == 0 {
		t.Errorf("nothing was refused: %+v, errors %v", over.SurgeOutcome, over.ErrorKinds)
	}
}
