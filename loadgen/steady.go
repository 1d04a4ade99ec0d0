package loadgen

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	// SteadyWindows is how many windows in a row must show no trend. With fewer the test has little to go by: of
	// five, only a perfect order is rarer than the 5% below, and a single window out of it would let a ramp pass.
	SteadyWindows = 10

	trendChance = 0.05 // how rarely noise alone may show a trend so strong, either way
	trendFloor  = 0.03 // a trend that moves the newer half of the windows by less than this does not matter
	stepFloor   = 0.05 // nor does a step of less than this
	stepLeast   = 3    // windows that a step is counted from: two have hardly a range
)

// Steady says whether a series of figures, one for each window of a load, oldest first (requests/s, say), has
// settled. from is the index of the window that the present level begins with; windows before a step no longer
// count.
//
//   - Step: the level begins anew where two windows in a row lie beyond the range of those before them, on the same side,
//     by more than that range and 5% of their median. While only the newest does, it may be a step or an outlier, and
//     nothing is said to be steady.
//   - Trend: the last ten windows since the step show none by the Mann-Kendall test (H. B. Mann, "Nonparametric tests
//     against trend", Econometrica 13, 1945; M. G. Kendall, Rank Correlation Methods, 1948), two-sided at 5%, or one so
//     small that the medians of their halves differ by less than 3%: on a quiet machine the test sees any drift.
//
// The test goes by ranks, so that neither an outlier nor a noise of any spread or shape misleads it. Where nothing
// but noise is left, 9 of 10 checks pass, or more. A trend that is lost in the noise of ten windows passes as
// well, which is no harm: by then it is smaller than what the windows differ by. Windows in which nothing was
// answered are never steady.
func Steady(figures []float64) (steady bool, from int) {
	for i := stepLeast; i+1 < len(figures); i++ {
		if i-from < stepLeast {
			continue
		}
		before := figures[max(from, i-SteadyWindows):i]
		if side := beyond(before, figures[i]); side != 0 && side == beyond(before, figures[i+1]) {
			from = i
		}
	}
	if len(figures)-from < SteadyWindows {
		return false, from
	}
	last := figures[len(figures)-SteadyWindows:]
	older, newest := last[:SteadyWindows-1], last[SteadyWindows-1]
	if slices.Min(last) <= 0 || slices.ContainsFunc(last, math.IsNaN) || beyond(older, newest) != 0 {
		return false, from
	}
	a, b := median(last[:SteadyWindows/2]), median(last[SteadyWindows/2:])
	return math.Abs(b-a) <= trendFloor*a || mannKendall(last) > trendChance, from
}

// beyond says on which side (-1, 0, 1) a figure lies clearly outside the range of others.
func beyond(others []float64, figure float64) int {
	low, high := slices.Min(others), slices.Max(others)
	margin := max(high-low, stepFloor*median(others))
	switch {
	case figure > high+margin:
		return 1
	case figure < low-margin:
		return -1
	}
	return 0
}

// mannKendall is the two-sided chance that values in random order show a trend at least as strong as these do.
// Kendall's S, the number of pairs that rise less the number that fall, has the distribution of a random
// permutation's inversions; it is counted, not approximated. Ties make the true chance smaller than this one.
func mannKendall(values []float64) float64 {
	n := len(values)
	s := 0
	for j := range n {
		for i := range j {
			switch {
			case values[j] > values[i]:
				s++
			case values[j] < values[i]:
				s--
			}
		}
	}
	// chance[k] is that of k inversions in a permutation of the first m values: the m-th is put before 0 to m-1 of
	// the others.
	pairs := n * (n - 1) / 2
	chance := make([]float64, pairs+1)
	chance[0] = 1
	for m := 2; m <= n; m++ {
		next := make([]float64, pairs+1)
		for k, p := range chance {
			for before := 0; before < m && k+before <= pairs; before++ {
				next[k+before] += p / float64(m)
			}
		}
		chance = next
	}
	tail := 0.0
	for k, p := range chance {
		if pairs-2*k >= max(s, -s) {
			tail += p
		}
	}
	return min(1, 2*tail)
}

// median returns the median of at least one value.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// WarmUpOptions says how a warm-up is run.
type WarmUpOptions struct {
	// Window is the length of one run, long enough for some answers on each connection: 100 ms for a route that
	// answers within 20 ms. A run also waits for the answers to what it sent. The shortest warm-up is
	// SteadyWindows of them.
	Window time.Duration
	Cap    time.Duration // no window begins that would end after this: then the warm-up is over, steady or not
}

// WarmUp is how a warm-up went.
type WarmUp struct {
	Took    time.Duration
	Windows int
	Steady  bool // false: it ended at the cap, or too few windows fitted into it
	Errors  uint64
	// Figures are what was looked at, one for each window: requests without error per second; in an open load,
	// whose rate is given and says nothing about the server, the median latency in nanoseconds.
	Figures []float64
}

// Warm runs windows of load (run is a Generator's Run) until they are steady, or until the cap. When ctx ends, or run
// cannot be, it returns what there is with the error. That no request at all was answered as it should be is an
// error too.
func Warm(ctx context.Context, run func(context.Context, time.Duration) (*Result, error), o WarmUpOptions) (WarmUp, error) {
	if o.Window <= 0 || o.Cap < o.Window {
		return WarmUp{}, fmt.Errorf("warm-up: windows of %v, at most %v: both must be more than 0, and a window must fit", o.Window, o.Cap)
	}
	var w WarmUp
	var unanswered error
	began := time.Now()
	for w.Took+o.Window <= o.Cap && !w.Steady {
		r, err := run(ctx, o.Window)
		w.Took = time.Since(began)
		if err != nil {
			return w, fmt.Errorf("warm-up, window %d: %w", w.Windows+1, err)
		}
		w.Windows++
		w.Errors += r.Errors
		w.Figures = append(w.Figures, figure(r))
		w.Steady, _ = Steady(w.Figures)
		if err := r.Unanswered(); err == nil || w.Windows == 1 {
			unanswered = err
		}
	}
	if unanswered != nil && slices.Max(w.Figures) == 0 {
		return w, fmt.Errorf("warm-up: %w", unanswered)
	}
	return w, nil
}

func figure(r *Result) float64 {
	switch answered := r.Requests - r.Errors; {
	case answered == 0 || r.Elapsed <= 0:
		return 0
	case r.Offered > 0:
		return float64(r.Latency.ValueAtQuantile(50))
	default:
		return float64(answered) / r.Elapsed.Seconds()
	}
}
