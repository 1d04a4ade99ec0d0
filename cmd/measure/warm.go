package measure

import (
	"context"
	"time"

	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
)

const (
	// WarmWindow is how long a window of a warm-up sends. It then waits for the answers.
	WarmWindow = 20 * time.Millisecond
	// WarmYardstick is how long the yardstick runs after each window.
	WarmYardstick = 10 * time.Millisecond
	// mostSilent and longSilence end a warm-up with an error if the server answers nothing in so
	// many windows in a row, or in one that long.
	mostSilent  = 5
	longSilence = time.Second
	// leastCap bounds the warm-up of a server about which nothing else is known.
	leastCap = 10 * time.Second
)

// WarmUp returns the bounds of a server's warm-up, by the time for which it usually compiles itself
// under load; 0 for a server compiled before. On a machine that others use, the same CPU time takes
// longer.
func WarmUp(compiles time.Duration) loadgen.WarmUpOptions {
	o := loadgen.WarmUpOptions{Cap: max(leastCap, 2*compiles), Compiles: compiles > 0}
	o.Longest = 2 * o.Cap
	return o
}

// Loaded is a server with its load.
type Loaded struct {
	Subject sample.Subject // nobody if its figures are not available
	Load    *loadgen.Generator
}

// Warm loads a server until it is warm: until its CPU per request no longer falls, or until its
// throughput no longer rises if CPU time is not reported. beside is the yardstick, which runs after
// each window, so that the machine's changes are not mistaken for the server's; nil for none.
func Warm(ctx context.Context, server Loaded, beside *Loaded, o loadgen.WarmUpOptions) (loadgen.WarmUp, error) {
	silent := 0 // consecutive windows without an answer
	return loadgen.Warm(ctx, func(ctx context.Context) (loadgen.WarmWindow, error) {
		its, err := server.Run(ctx, WarmWindow)
		if err != nil {
			return loadgen.WarmWindow{}, err
		}
		if err := its.Result.Unanswered(); err == nil {
			silent = 0
		} else if silent++; silent == mostSilent || its.Result.Ended > longSilence {
			return loadgen.WarmWindow{}, err
		}
		w := loadgen.WarmWindow{Requests: its.Answered(), Errors: its.Result.Errors, Busy: its.CPU,
			Cost: its.PerRequest()}
		known := w.Cost > 0
		if !known {
			w.Busy, w.Cost = its.Result.Elapsed, inverse(its.Throughput())
		}
		if beside == nil {
			return w, nil
		}
		yard, err := beside.Run(ctx, WarmYardstick)
		if err != nil {
			return w, err
		}
		if known {
			w.Cost *= inverse(yard.PerRequest())
		} else {
			w.Cost *= yard.Throughput()
		}
		return w, nil
	}, o)
}

// inverse returns 1/v, and 0 for 0, which stands for unknown.
func inverse(v float64) float64 {
	if v == 0 {
		return 0
	}
	return 1 / v
}
