package load

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// rampSteps are the parts of a ramp that have figures of their own.
const rampSteps = 15

// LeastRamp is the shortest ramp: a step of it then has a tenth of a second.
const LeastRamp = rampSteps * 100 * time.Millisecond

// ramp sums up a ramp's outcomes by when they were due.
type ramp struct {
	pace loadgen.Pace

	mu      sync.Mutex
	steps   [rampSteps]results.RampStep
	latency [rampSteps]*hdrhistogram.Histogram
}

func newRamp(p loadgen.Pace) *ramp {
	r := &ramp{pace: p}
	for i := range r.steps {
		s := &r.steps[i]
		s.StartS, s.EndS = r.start(i).Seconds(), r.start(i+1).Seconds()
		s.RateRPS = p.At((r.start(i) + r.start(i+1)) / 2)
		s.Due = r.due(i+1) - r.due(i)
		r.latency[i] = newHistogram()
	}
	return r
}

// start returns when a step begins.
func (r *ramp) start(step int) time.Duration { return r.pace.Over * time.Duration(step) / rampSteps }

// due returns how many requests are due before a step begins: those of the steps add up to the
// ramp's.
func (r *ramp) due(step int) uint64 {
	if step == 0 {
		return 0
	}
	return r.pace.Offered(r.start(step))
}

// each counts one request, for loadgen.Attack.Each.
func (r *ramp) each(x *loadgen.Outcome) {
	step, seq := 0, x.Seq
	for step < rampSteps-1 && seq >= r.steps[step].Due {
		seq -= r.steps[step].Due
		step++
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if x.Kind != "" {
		r.steps[step].Errors++
		return
	}
	r.steps[step].Answered++
	record(r.latency[step], x)
}

// result returns the ramp as far as it was made, which is after so much time.
func (r *ramp) result(made time.Duration) *results.Ramp {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := &results.Ramp{FromRPS: r.pace.Rate, ToRPS: r.pace.To}
	for i, s := range r.steps {
		if made <= r.start(i) {
			break
		}
		if made < r.start(i+1) { // cut short
			s.Due = s.Answered + s.Errors
		}
		s.Unsent = s.Due - min(s.Due, s.Answered+s.Errors)
		if s.Answered > 0 {
			s.LatencyUS = measure.Latency(r.latency[i])
		}
		all.Steps = append(all.Steps, s)
	}
	all.Judge()
	return all
}
