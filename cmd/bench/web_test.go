package bench_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nodecompare/cmd/bench"
	"nodecompare/results"
)

// A page of an earlier bench, which had more trials, hears of those of this one.
func TestPageOfAnEarlierBenchHearsOfTrials(t *testing.T) {
	defer goleak.VerifyNone(t)
	w, err := bench.ServeWeb(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p, err := bench.NewPlan(bench.Options{Modes: []string{"async"}, Workloads: []string{"hello"},
		Profile: "quick", Rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	record := &results.Record{Tool: results.Tool, Started: time.Now()}
	w.Begin(p, record)
	w.Trial(1, results.Trial{Mode: "async", Workload: "hello", Round: 1, Failure: "it has died"},
		func() *results.Record { return record })
	q, err := http.NewRequestWithContext(t.Context(), "GET", w.URL+"events", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Last-Event-ID", "40")
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{}}
	r, err := client.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	var heard strings.Builder
	for in := bufio.NewScanner(r.Body); !strings.Contains(heard.String(), "event: trial") && in.Scan(); {
		heard.WriteString(in.Text() + "\n")
	}
	if !strings.Contains(heard.String(), "id: 1\nevent: trial") {
		t.Errorf("heard %q", heard.String())
	}
	if err := r.Body.Close(); err != nil {
		t.Error(err)
	}
	client.CloseIdleConnections()
	if err := w.Finish(nil); err != nil {
		t.Error(err)
	}
}
