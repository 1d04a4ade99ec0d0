package hosts

import (
	"context"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
)

const (
	// warmWindow is a window of a warm-up.
	warmWindow = 200 * time.Millisecond
	// usualWindows of a warm-up suffice for a server compiled before.
	usualWindows = loadgen.LeastWindows + 2
)

// WarmTime returns the usual time of a server's warm-up, by the time for which it compiles itself.
func WarmTime(compiles time.Duration) time.Duration {
	return Connecting + max(usualWindows*(warmWindow+Begin), compiles)
}

// Warm loads a server by the open connections until it is warm. known reports whether its CPU time
// is, which decides then; else its throughput does.
func (l *Load) Warm(ctx context.Context, on *Server, o loadgen.WarmUpOptions) (w loadgen.WarmUp, known bool,
	err error) {
	o.Longest = max(o.Longest, 2*o.Cap) // a window takes three times as long as it loads
	w, err = loadgen.Warm(ctx, func(ctx context.Context) (loadgen.WarmWindow, error) {
		j, err := l.Run(ctx, warmWindow, on)
		if err != nil {
			return loadgen.WarmWindow{}, err
		}
		its := measure.RunCost{Result: j.Result}
		x := loadgen.WarmWindow{Requests: its.Answered(), Errors: j.Result.Errors}
		if j.Watched.Server != nil {
			its.CPU, known = j.Watched.Server.CPU, true
			x.Busy, x.Cost = its.CPU, its.PerRequest()
		} else if rate := its.Throughput(); rate > 0 {
			x.Busy, x.Cost = j.Result.Elapsed, 1/rate
		}
		return x, nil
	}, o)
	return w, known, err
}
