package measure

import (
	"context"
	"time"

	"nodecompare/loadgen"
)

// RunCost is what a run of load gave, or several, and what the server used for it. The zero value is
// of none.
type RunCost struct {
	Result *loadgen.Result // nil of none
	CPU    time.Duration   // 0 where the system does not tell
}

// Run runs the load, and reads the server's CPU time just before and after. What there is comes
// with an error.
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

// Add takes another run in.
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

// PerRequest is the CPU time of a request in microseconds; 0 where it is not known.
func (s RunCost) PerRequest() float64 {
	if s.Answered() == 0 {
		return 0
	}
	return s.CPU.Seconds() * 1e6 / float64(s.Answered())
}

// Throughput is in requests per second.
func (s RunCost) Throughput() float64 {
	if s.Result == nil || s.Result.Elapsed <= 0 {
		return 0
	}
	return float64(s.Answered()) / s.Result.Elapsed.Seconds()
}
