package results

import (
	"slices"

	"nodecompare/results/stat"
)

// Ramp is what a load found whose rate grew, or fell, evenly.
type Ramp struct {
	FromRPS float64    `json:"from_rps"`
	ToRPS   float64    `json:"to_rps"`
	Steps   []RampStep `json:"steps"` // of equal length, in their order
	// BreaksRPS is the rate at which latency breaks away: that of the first step, by rate, from
	// which on every p99 is beyond BreakTimes the usual one. 0 if none is.
	BreaksRPS float64 `json:"breaks_rps"`
	// UsualUS is the median p99 of the third of the steps with the lowest rates. It is 0, as
	// BreaksRPS then is, if nothing in them was answered, or if there are fewer than three steps.
	UsualUS float64 `json:"usual_us"`
}

// RampStep sums up the requests that were due in one part of a ramp, whenever they ended.
type RampStep struct {
	StartS    float64 `json:"start_s"` // since the start of the run
	EndS      float64 `json:"end_s"`
	RateRPS   float64 `json:"rate_rps"` // the mean of those due
	Due       uint64  `json:"due"`
	Answered  uint64  `json:"answered"` // without an error
	Errors    uint64  `json:"errors"`
	Unsent    uint64  `json:"unsent"`     // due, but neither answered nor failed
	LatencyUS Latency `json:"latency_us"` // since a request was due; all 0 without an answer
}

// BreakTimes is how many times its usual value p99 is where latency breaks away. A queue that grows
// gets there within a step or two, and the noise of a step of some hundred requests does not.
const BreakTimes = 5

// FailedBefore is the share of the requests due at rates below that at which latency breaks away
// which failed.
func (r *Ramp) FailedBefore() float64 {
	var due, failed uint64
	for _, s := range r.Steps {
		if s.RateRPS < r.BreaksRPS {
			due, failed = due+s.Due, failed+s.Errors
		}
	}
	return float64(failed) / float64(max(due, 1))
}

// Judge finds where latency breaks away.
func (r *Ramp) Judge() {
	r.BreaksRPS, r.UsualUS = 0, 0
	steps := slices.DeleteFunc(slices.Clone(r.Steps), func(s RampStep) bool { return s.Due == 0 })
	slices.SortStableFunc(steps, func(a, b RampStep) int {
		if a.RateRPS < b.RateRPS {
			return -1
		}
		return 1
	})
	if len(steps) < 3 {
		return
	}
	var usual []float64
	for _, s := range steps[:len(steps)/3] {
		if s.Answered > 0 {
			usual = append(usual, s.LatencyUS.P99)
		}
	}
	if usual == nil {
		return
	}
	r.UsualUS = stat.Median(usual).Value
	for _, s := range slices.Backward(steps) {
		if s.Answered > 0 && s.LatencyUS.P99 <= BreakTimes*r.UsualUS {
			return
		}
		r.BreaksRPS = s.RateRPS
	}
}
