package results_test

import (
	"testing"

	"nodecompare/results"
)

func TestDelayedACKs(t *testing.T) {
	for _, c := range []struct {
		url      string
		p50, p90 float64 // in ms
		want     int
	}{
		{"http://127.0.0.1:3000/", 40.2, 41, 1}, {"http://localhost/", 44.14, 48.2, 1},
		{"http://[::1]:80/a", 81, 88, 2}, {"https://127.9.9.9/", 123, 125, 3},
		{"http://127.0.0.1/", 39, 41, 0}, {"http://127.0.0.1/", 50.1, 51, 0},
		{"http://127.0.0.1/", 60, 61, 0}, {"http://127.0.0.1/", 161, 162, 0},
		{"http://127.0.0.1/", 41, 90, 0}, // of a server that is slow in its own way
		{"http://10.0.0.1/", 41, 42, 0}, {"http://a.example/", 41, 42, 0},
		{"http://127.0.0.1/", 0, 0, 0},
	} {
		r := &results.LoadRun{URL: c.url, Requests: 100,
			UncorrectedUS: results.Latency{P50: 1000 * c.p50, P90: 1000 * c.p90}}
		if got := r.DelayedACKs(); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
		if r.Errors = r.Requests; r.DelayedACKs() != 0 {
			t.Errorf("%+v: some, of no answer", c)
		}
	}
}
