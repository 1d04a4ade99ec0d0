package loadgen

import (
	"context"
	"fmt"
	"math"
	"time"
)

const (
	// LeastWindows is the smallest number of windows of a warm-up: two in each quarter.
	LeastWindows = 8

	warmEqual = 0.05 // quarters that differ by less are equal

	// compiledAfter is the number of requests after which a self-compiling server is believed like
	// others. Such servers stay on one level for thousands of requests before they become twice as
	// fast (docs/calibration.md). Below it the cost must be flat over a doubling.
	compiledAfter = 20_000
	flatAfter     = 5 * time.Second // server CPU time: flat within the noise suffices
	flatLeast     = 2 * time.Second // server CPU time: flat within warmEqual suffices
	// compiledNoise is the noise between quarters above which windows prove nothing about a
	// self-compiling server.
	compiledNoise = 0.2
)

// WarmWindow is the result of one window of a warm-up.
type WarmWindow struct {
	Requests uint64 // answered without error
	Errors   uint64
	Busy     time.Duration // CPU time of the server, or the window's length if that is not reported
	Cost     float64       // of a request, in any constant unit; 0 if unknown
}

// warming decides when a server is warm. It looks after numbers of requests that double, because a
// look after each window would catch a lucky moment. The server is warm if the mean costs of the
// last two quarters of the requests are equal, within 5% or two standard errors, whichever is more.
type warming struct {
	compiles bool // the server compiles itself as it runs

	windows  []WarmWindow
	requests uint64
	busy     time.Duration
	next     uint64 // number of requests at which it looks
	stage    int    // beginning a stage triggers a look too
}

// add adds a window and reports whether the server is warm.
func (w *warming) add(x WarmWindow) bool {
	w.windows = append(w.windows, x)
	w.requests += x.Requests
	w.busy += x.Busy
	stage := w.reached()
	if len(w.windows) < LeastWindows || w.requests < w.next && stage == w.stage {
		return false
	}
	w.next, w.stage = 2*w.requests, stage
	switch {
	case !w.compiles || w.requests >= compiledAfter:
		return w.settled(w.noise())
	case w.busy >= flatAfter:
		return w.settled(compiledNoise) && agree(w.part(1, 2), w.part(2, 4), compiledNoise)
	case w.busy >= flatLeast:
		return w.settled(warmEqual) && agree(w.part(1, 2), w.part(2, 4), warmEqual)
	}
	return false
}

// reached returns how many of the stages a self-compiling server has passed.
func (w *warming) reached() (stage int) {
	for _, reached := range []bool{w.busy >= flatLeast, w.busy >= flatAfter, w.requests >= compiledAfter} {
		if w.compiles && reached {
			stage++
		}
	}
	return stage
}

// noise returns how much quarters may differ by luck and still prove something.
func (w *warming) noise() float64 {
	if w.compiles {
		return compiledNoise
	}
	return math.Inf(1)
}

// settled reports whether the last two quarters are equal, given windows within the noise.
func (w *warming) settled(noise float64) bool { return agree(w.part(2, 3), w.part(3, 4), noise) }

// part returns the logarithms of the windows' costs between two quarters of the requests. A window
// counts where its middle is.
func (w *warming) part(from, to uint64) (logs []float64) {
	before := uint64(0)
	for _, x := range w.windows {
		if middle := 4*before + 2*x.Requests; middle >= from*w.requests && middle < to*w.requests && x.Cost > 0 {
			logs = append(logs, math.Log(x.Cost))
		}
		before += x.Requests
	}
	return logs
}

// agree reports whether two samples have the same mean, within 5% or twice the standard error of
// their difference, which must not exceed atMost. Few values allow more than twice the error, as by
// Student's t.
func agree(a, b []float64, atMost float64) bool {
	free := float64(len(a) + len(b) - 2)
	if len(a) == 0 || len(b) == 0 || free < 1 {
		return false
	}
	meanA, squaresA := spread(a)
	meanB, squaresB := spread(b)
	deviation := math.Sqrt((squaresA + squaresB) / free * (1/float64(len(a)) + 1/float64(len(b))))
	allowed := (2 + 9/(free*free)) * deviation
	return allowed <= atMost && math.Abs(meanA-meanB) <= max(math.Log1p(warmEqual), allowed)
}

// spread returns the mean and the sum of the squared deviations.
func spread(values []float64) (mean, squares float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return mean, squares
}

// WarmUpOptions says how a warm-up is run.
type WarmUpOptions struct {
	Cap time.Duration // no window begins after it, steady or not
	// Longest replaces Cap while the server had a CPU for less than half of Cap, because others
	// used it; 0 for none.
	Longest  time.Duration
	Compiles bool // the server compiles itself as it runs (a JIT), or may
}

// WarmUp is the result of a warm-up.
type WarmUp struct {
	Took    time.Duration
	Windows int
	// Steady says that the last two quarters were equal. At the cap that suffices for a
	// self-compiling server too.
	Steady   bool
	Requests uint64
	Busy     time.Duration // the sum of the windows'
	Errors   uint64
}

// Warm runs windows of load until the server is warm or the cap is reached. A server that answers
// nothing is given up after LeastWindows. When ctx ends or window fails, Warm returns the result so
// far with the error.
func Warm(ctx context.Context, window func(context.Context) (WarmWindow, error), o WarmUpOptions) (w WarmUp,
	err error) {
	if o.Cap <= 0 {
		return w, fmt.Errorf("warm-up: at most %v: it must be more than 0", o.Cap)
	}
	series := warming{compiles: o.Compiles}
	for began := time.Now(); !w.Steady && (w.Took < o.Cap || w.Busy < o.Cap/2 && w.Took < o.Longest); {
		x, err := window(ctx)
		w.Took = time.Since(began)
		if err != nil {
			return w, fmt.Errorf("warm-up, window %d: %w", w.Windows+1, err)
		}
		w.Windows++
		w.Errors += x.Errors
		w.Steady = series.add(x)
		w.Requests, w.Busy = series.requests, series.busy
		if w.Requests == 0 && w.Windows == LeastWindows {
			break
		}
	}
	w.Steady = w.Steady || series.settled(series.noise())
	return w, nil
}
