package load_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/cmd/load"
	"nodecompare/loadgen"
)

// The sum and the count of latencies are of the same requests: those that have one.
func TestMetricsOfWhatHasNoLatency(t *testing.T) {
	s := load.NewSeconds(nil, loadgen.Attack{InFlight: new(atomic.Int64), Duration: time.Minute})
	defer s.Close()
	m, err := load.ServeMetrics(t.Context(), "0", s)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	now := time.Now()
	for _, took := range []time.Duration{time.Second, 3 * time.Second, -time.Hour} { // by another machine's clock
		s.Each(&loadgen.Outcome{Due: now, Sent: now, End: now.Add(took)})
		s.Each(&loadgen.Outcome{Due: now, Sent: now, End: now.Add(time.Minute), Untimed: true})
	}
	answer, err := http.Get(m.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	for _, want := range []string{"_latency_seconds_sum 4\n", "_latency_seconds_count 3\n", "_requests_total 6\n"} {
		if err != nil || !strings.Contains(string(text), "nodecompare_load"+want) {
			t.Errorf("%v: no %q in\n%s", err, want, text)
		}
	}
}
