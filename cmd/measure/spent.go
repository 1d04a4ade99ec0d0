package measure

import (
	"context"
	"time"

	"nodecompare/loadgen"
)

// RunCost is the result of one or more runs of load, and what the server used for them. The zero
// value is no run.
type RunCost struct {
	Result *loadgen.Result // nil of no run
	CPU    time.Duration   // 0 if the system does not report it
}

// Run runs the load, and reads the server's CPU time just before and after. An error may come with
// a Result.
func (l Loaded) Run(ctx context.Context, d time.Duration) (RunCost, error) {
	before, err := CPUTime(l.Subject)
	if err != nil {
		return RunCost{}, err
	}
	result, err := l.Load.Run(ctx, d)
	if err != nil {
		return RunCost{Result: result}, err
	}
	after, err := CPUTime(l.Subject)
	if err != nil {
		return RunCost{Result: result}, err
	}
	return RunCost{result, max(0, after-before)}, nil
}

// Add adds another run.
func (s *RunCost) Add(other RunCost) {
	s.CPU += other.CPU
	switch {
	case s.Result == nil:
		s.Result = other.Result
	case other.Result != nil:
		s.Result.Add(other.Result)
	}
}

// Answered counts the requests without error.
func (s RunCost) Answered() uint64 {
	if s.Result == nil {
		return 0
	}
	return s.Result.Requests - s.Result.Errors
}

// PerRequest returns the CPU time of a request in microseconds; 0 if unknown.
func (s RunCost) PerRequest() float64 {
	if s.Answered() == 0 {
		return 0
	}
	return s.CPU.Seconds() * 1e6 / float64(s.Answered())
}

// Throughput returns requests without error per second.
func (s RunCost) Throughput() float64 {
	if s.Result == nil || s.Result.Elapsed <= 0 {
		return 0
	}
	return float64(s.Answered()) / s.Result.Elapsed.Seconds()
}
