package results_test

import (
	"testing"

	"nodecompare/results"
)

// What failed at rates that the server bore is told from what failed beyond.
func TestRampFailedBefore(t *testing.T) {
	r := results.Ramp{BreaksRPS: 300}
	for rate := 400.0; rate >= 100; rate -= 100 { // a ramp that falls
		r.Steps = append(r.Steps, results.RampStep{RateRPS: rate, Due: uint64(rate), Errors: uint64(rate / 4)})
	}
	r.Steps[3].Errors = 0
	if got := r.FailedBefore(); got != 50.0/300 {
		t.Errorf("%v, want 50 of 300", got)
	}
}

// Latency breaks away at the rate from which on it is far beyond the usual, and not at a single
// slow step before; in a ramp that falls at the same rate.
func TestRampBreaks(t *testing.T) {
	for name, c := range map[string]struct {
		p99   []float64 // 0 for a step without an answer
		want  float64
		usual float64
	}{
		"never":                       {[]float64{10, 11, 10, 12, 13, 14}, 0, 10.5},
		"in the end":                  {[]float64{10, 11, 10, 12, 80, 900}, 500, 10.5},
		"a slow step before":          {[]float64{10, 11, 95, 12, 80, 900}, 500, 10.5},
		"all that is slow is first":   {[]float64{95, 11, 10, 12, 13, 14}, 0, 53},
		"nothing is answered":         {[]float64{10, 11, 10, 12, 80, 0}, 500, 10.5},
		"all the same, and no answer": {[]float64{10, 11, 10, 12, 13, 0}, 600, 10.5},
		"no answer at all":            {[]float64{0, 0, 0, 0, 0, 0}, 0, 0},
		"too few steps":               {[]float64{10, 900}, 0, 0},
	} {
		for _, falls := range []bool{false, true} {
			var r results.Ramp
			for i, p99 := range c.p99 {
				s := results.RampStep{RateRPS: float64(100 * (i + 1)), Due: 10}
				if p99 > 0 {
					s.Answered, s.LatencyUS.P99 = 10, p99
				}
				if falls {
					r.Steps = append([]results.RampStep{s}, r.Steps...)
				} else {
					r.Steps = append(r.Steps, s)
				}
			}
			r.Judge()
			if r.BreaksRPS != c.want || r.UsualUS != c.usual {
				t.Errorf("%s, falling %v: breaks at %v, usually %v; want %v, %v", name, falls, r.BreaksRPS, r.UsualUS,
					c.want, c.usual)
			}
		}
	}
}
