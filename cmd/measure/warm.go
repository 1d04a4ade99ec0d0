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
	// WarmBeside is how long the yardstick has its turn after each.
	WarmYardstick = 10 * time.Millisecond
	// A warm-up ends with an error when the server answers nothing in so many windows in a row, or
	// in one for so long.
	mostSilent  = 5
	longSilence = time.Second
	// leastCap is how long a warm-up may take of a server of which nothing else is known.
	leastCap = 10 * time.Second
)

// WarmUp bounds the warm-up of a server by how long it compiles itself under load as a rule; 0
// where it is compiled before it runs. On a machine that others use as well it takes longer to have
// as much of a CPU.
func WarmUp(compiles time.Duration) loadgen.WarmUpOptions {
	o := loadgen.WarmUpOptions{Cap: max(leastCap, 2*compiles), Compiles: compiles > 0}
	o.Longest = 2 * o.Cap
	return o
}

// Loaded is a server with the load for it.
type Loaded struct {
	Subject sample.Subject // nobody where its figures are not to be had
	Load    *loadgen.Generator
}

// Warm puts load on a server until it is warm: until its CPU per request no longer falls, or where
// the system does not tell that, its throughput no longer rises. beside is the yardstick, which has
// its turn after each window, so that what the machine does to both is not taken for the server's;
// nil for none.
func Warm(ctx context.Context, server Loaded, beside *Loaded, o loadgen.WarmUpOptions) (loadgen.WarmUp, error) {
	silent := 0 // windows in a row without an answer
	return loadgen.Warm(ctx, func(ctx context.Context) (loadgen.WarmWindow, error) {
		its, err := server.Run(ctx, WarmWindow)
		if err != nil {
			return loadgen.WarmWindow{}, err
		}
		if err := its.Result.Unanswered(); err == nil {
			silent = 0
		} else if silent++; silent == mostSilent || its.Result.Elapsed > longSilence {
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

// inverse is 0 of 0, which stands for what is not known.
func inverse(v float64) float64 {
	if v == 0 {
		return 0
	}
	return 1 / v
}
