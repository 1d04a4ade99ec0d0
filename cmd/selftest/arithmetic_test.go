package selftest_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nodecompare/cmd/selftest"
)

// A load that is simulated request by request, with a stop at any moment, shows what the arithmetic
// says: to within the distance of two requests, for the moment is unknown, and the time of the
// answers, which the arithmetic leaves out.
func TestStallLatency(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := selftest.Stall{Rate: rapid.Float64Range(10, 2000).Draw(t, "rate")}
		length := rapid.Float64Range(0.05, 1).Draw(t, "length")
		before := rapid.Float64Range(0.01, 1).Draw(t, "before")
		after := rapid.Float64Range(0.2, 3).Draw(t, "after")
		service := rapid.Float64Range(0, 0.2).Draw(t, "utilization") / s.Rate
		latencies := simulate(s.Rate, before, length, before+length+after, service)
		for _, percent := range []float64{50, 90, 99, 100} {
			rank := int(percent/100*float64(len(latencies)) + 0.5)
			got := latencies[max(rank, 1)-1]
			want := s.Latency(percent, uint64(len(latencies)), time.Duration(length*1e9)).Seconds()
			stalled := length*s.Rate + 1
			if low, high := want-1/s.Rate-1e-6, want+1/s.Rate+2*stalled*service+1e-6; got < low || got > high {
				t.Fatalf("p%v of %d requests: simulated %.6f s, computed %.6f s: not within %.6f to %.6f",
					percent, len(latencies), got, want, low, high)
			}
		}
	})
}

// simulate gives the sorted latencies, in seconds, of a load on one server that takes requests in
// order and stops from one moment on.
func simulate(rate, from, length, end, service float64) []float64 {
	var latencies []float64
	free := 0.0
	for k := 0; float64(k)/rate < end; k++ {
		due := float64(k) / rate
		done := max(due, free) + service
		if done >= from && done < from+length { // it comes to a halt in the midst of the request
			done = from + length + service
		}
		free = done
		latencies = append(latencies, done-due)
	}
	slices.Sort(latencies)
	return latencies
}

// The figures of docs/selftest.md.
func TestStallExample(t *testing.T) {
	s := selftest.FullPlan().Stall
	n := uint64(s.Rate * s.Duration.Seconds())
	for percent, want := range map[float64]time.Duration{50: 0, 90: 298750 * time.Microsecond,
		99: 568750 * time.Microsecond, 100: 598750 * time.Microsecond} {
		if got := s.Latency(percent, n, s.Length); (got - want).Abs() > time.Microsecond {
			t.Errorf("p%v: %v, want %v", percent, got, want)
		}
	}
	if share := float64(s.Connections) / float64(n); share >= 0.01 {
		t.Errorf("%d connections are %.1f%% of %d requests: the uncorrected p99 would see the stall", s.Connections,
			100*share, n)
	}
}
