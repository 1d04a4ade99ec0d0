package measure

import (
	"context"
	"time"

	"nodecompare/loadgen"
)

// Spent is what a run of load gave, or several, and what the server used for it. The zero value is
// of none.
type Spent struct {
	Result *loadgen.Result // nil of none
	CPU    time.Duration   // 0 where the system does not tell
}

// Spend runs the load, and reads the server's CPU time just before and after. What there is comes
// with an error.
func (l Loaded) Spend(ctx context.Context, d time.Duration) (Spent, error) {
	before, err := CPUTime(l.Subject)
	if err != nil {
		return Spent{}, err
	}
	result, err := l.Load.Run(ctx, d)
	if err != nil {
		return Spent{Result: result}, err
	}
	after, err := CPUTime(l.Subject)
	if err != nil {
		return Spent{Result: result}, err
	}
	return Spent{result, max(0, after-before)}, nil
}

// Add takes another run in.
func (s *Spent) Add(other Spent) {
	s.CPU += other.CPU
	switch {
	case s.Result == nil:
		s.Result = other.Result
	case other.Result != nil:
		s.Result.Add(other.Result)
	}
}

// Answered counts the requests without error.
func (s Spent) Answered() uint64 {
	if s.Result == nil {
		return 0
	}
	return s.Result.Requests - s.Result.Errors
}

// PerRequest is the CPU time of a request in microseconds; 0 where it is not known.
func (s Spent) PerRequest() float64 {
	if s.Answered() == 0 {
		return 0
	}
	return s.CPU.Seconds() * 1e6 / float64(s.Answered())
}

// Throughput is in requests per second.
func (s Spent) Throughput() float64 {
	if s.Result == nil || s.Result.Elapsed <= 0 {
		return 0
	}
	return float64(s.Answered()) / s.Result.Elapsed.Seconds()
}
