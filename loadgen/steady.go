package loadgen

import (
	"context"
	"fmt"
	"math"
	"time"
)

const (
	// LeastWindows are the fewest windows of a warm-up: two in each quarter.
	LeastWindows = 8

	warmEqual = 0.05 // quarters that differ by less than this are the same

	// A server that compiles itself as it runs has been seen to stay on one level for thousands of
	// requests, and to be twice as fast after 16,000. So it is believed at fewer only when it is
	// flat over a doubling.
	compiledAfter = 20_000
	flatAfter     = 5 * time.Second // of its own CPU: flat within the noise is enough
	flatLeast     = 2 * time.Second // of its own CPU: flat within warmEqual, of windows that can tell
	// windows that cannot tell quarters apart which differ by more say nothing of such a server
	compiledNoise = 0.2
)

// WarmWindow is what one window of a warm-up showed.
type WarmWindow struct {
	Requests uint64 // answered without error
	Errors   uint64
	Busy     time.Duration // CPU time of the server; where the system does not tell, how long the window took
	Cost     float64       // of a request, in any unit that stays the same; 0 where it is not known
}

// warming decides when a server is warm. It is asked after each window, and looks at amounts of
// requests that double: a look after each window would find a moment of luck. The server is warm
// when the mean costs of the last two quarters of the requests so far are equal, within 5% or two
// standard errors, whichever is more.
type warming struct {
	compiles bool // as it runs

	windows  []WarmWindow
	requests uint64
	busy     time.Duration
	next     uint64 // that it looks at
	stage    int    // it looks as well when one begins, whatever is next
}

// add says whether the server is warm after one more window.
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

// reached counts what such a server has to reach to be believed more easily.
func (w *warming) reached() (stage int) {
	for _, reached := range []bool{w.busy >= flatLeast, w.busy >= flatAfter, w.requests >= compiledAfter} {
		if w.compiles && reached {
			stage++
		}
	}
	return stage
}

// noise is how much quarters of this server may differ by luck and still tell something.
func (w *warming) noise() float64 {
	if w.compiles {
		return compiledNoise
	}
	return math.Inf(1)
}

// settled says that the last two quarters are equal, by windows that can tell at least so much.
func (w *warming) settled(noise float64) bool { return agree(w.part(2, 3), w.part(3, 4), noise) }

// part is the logarithms of the costs of the windows from one quarter of the requests so far to
// another, each window counted where its middle is.
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

// agree says whether two samples have the same mean, within 5% or twice the standard error of their
// difference. That must not be more than atMost. Of few values the error is not known well, and
// more than twice of it is allowed, as by Student's t.
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

// spread is the mean, and the sum of the squares of what is off it.
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
	Cap time.Duration // no window begins after this: then the warm-up is over, steady or not
	// takes the place of Cap while the server had a CPU for less than half of Cap: others had it; 0
	// for none
	Longest  time.Duration
	Compiles bool // the server compiles itself as it runs (a JIT), or may do so
}

// WarmUp is how a warm-up went.
type WarmUp struct {
	Took     time.Duration
	Windows  int
	Steady   bool // the last two quarters were equal; at the cap that is enough of a server that was to have more
	Requests uint64
	Busy     time.Duration // the sum of the windows'
	Errors   uint64
}

// Warm runs windows of load until the server is warm, or until the cap. One that answers nothing is
// given up after LeastWindows. When ctx ends, or window cannot be, it returns what there is with
// the error.
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
