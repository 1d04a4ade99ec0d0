package stat

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// leastPoints is the number of different loads that a fit needs: a curve with three parameters fits
// any three points.
const leastPoints = 4

// mostLoad is more connections than any machine holds. Squares of such loads are still exact
// enough.
const mostLoad = 1e9

// ErrTooFewPoints reports fewer than 4 different loads to fit a law to.
var ErrTooFewPoints = errors.New("the Universal Scalability Law needs 4 different loads at least")

// FitUSL fits the Universal Scalability Law, X(N) = λN / (1 + σ(N−1) + κN(N−1)), to the throughputs
// x (requests per second) at the loads n (connections, 1 or more): N. J. Gunther, Guerrilla
// Capacity Planning, 2007. λ > 0 is in requests per second; σ and κ are 0 or more. FitUSL minimises
// the squared residuals of ln X, so that rungs of few and of many connections weigh the same. r2 is
// the share of the variance of ln X that the law explains, from 0 to 1. FitUSL is deterministic.
func FitUSL(n, x []float64) (lambda, sigma, kappa, r2 float64, err error) {
	f, err := newFit(n, x)
	if err != nil {
		return 0, 0, 0, 0, err
	}
	var best [2]float64
	least := math.Inf(1)
	// Several starts are needed, because a law with one parameter at 0 may be a local minimum.
	for _, start := range f.starts() {
		result, err := optimize.Minimize(optimize.Problem{Func: f.residuals}, start,
			&optimize.Settings{Converger: &optimize.FunctionConverge{Absolute: 1e-9, Relative: 1e-9,
				Iterations: 20}}, &optimize.NelderMead{})
		if err != nil {
			return 0, 0, 0, 0, fmt.Errorf("fit the Universal Scalability Law to %d points: %w", len(f.n), err)
		}
		if result.F < least {
			least, best = result.F, [2]float64{result.X[0] * result.X[0], result.X[1] * result.X[1]}
		}
	}
	for i := range best {
		if best[i] < negligible {
			best[i] = 0
		}
	}
	logLambda, residuals := f.lambda(best[0], best[1])
	lambda, sigma, kappa = math.Exp(logLambda), best[0]/(f.most-1), best[1]/(f.most*(f.most-1))
	if math.IsInf(lambda, 0) || lambda == 0 {
		return 0, 0, 0, 0,
			fmt.Errorf(
				"fit the Universal Scalability Law to %d points: λ = e^%g is beyond what a number can hold",
				len(f.n), logLambda)
	}
	if f.variance > 0 {
		r2 = max(0, 1-residuals/f.variance)
	} else {
		r2 = 1 // equal values, which σ = 1, κ = 0 fits
	}
	return lambda, sigma, kappa, r2, nil
}

// negligible is a contention or coherency that slows the highest load by less than a
// hundred-thousandth, and counts as none.
const negligible = 1e-5

// fit holds the points. Its parameters are what contention and coherency add at the highest load, a
// = σ(most−1) and b = κ·most(most−1), both of the order of 1 whatever the number of connections.
type fit struct {
	n, logX  []float64
	most     float64 // largest n
	variance float64 // of logX, times their number
}

func newFit(n, x []float64) (*fit, error) {
	if len(n) != len(x) {
		return nil, fmt.Errorf("fit the Universal Scalability Law: %d loads, but %d throughputs", len(n), len(x))
	}
	f := &fit{n: n, logX: make([]float64, len(x))}
	for i := range n {
		f.logX[i] = math.Log(x[i])
		if !(n[i] >= 1 && n[i] <= mostLoad) || !(x[i] > 0) || math.IsInf(x[i], 0) {
			return nil, fmt.Errorf("fit the Universal Scalability Law: %g requests/s at %g connections: the "+
				"former must be above 0, the latter 1 to %g", x[i], n[i], mostLoad)
		}
	}
	if loads := len(slices.Compact(slices.Sorted(slices.Values(n)))); loads < leastPoints {
		return nil, fmt.Errorf("%w: there are %d", ErrTooFewPoints, loads)
	}
	f.most = slices.Max(n)
	mean := average(f.logX)
	for _, l := range f.logX {
		f.variance += (l - mean) * (l - mean)
	}
	return f, nil
}

// residuals returns the sum of the squared residuals. The arguments are the roots of the
// parameters, which keeps both at 0 or above.
func (f *fit) residuals(root []float64) float64 {
	_, sum := f.lambda(root[0]*root[0], root[1]*root[1])
	return sum
}

// lambda returns the logarithm of the best λ for the other two parameters, which is a mean, and the
// sum of the squared residuals.
func (f *fit) lambda(a, b float64) (log, sum float64) {
	offsets := make([]float64, len(f.n)) // of ln X from the law with λ = 1
	for i, n := range f.n {
		one, two := f.shares(n)
		offsets[i] = f.logX[i] - math.Log(n) + math.Log1p(a*one+b*two)
	}
	log = average(offsets)
	for _, o := range offsets {
		sum += (o - log) * (o - log)
	}
	return log, sum
}

// shares returns the parts of a and b that apply at a load.
func (f *fit) shares(n float64) (one, two float64) {
	return (n - 1) / (f.most - 1), n * (n - 1) / (f.most * (f.most - 1))
}

// starts returns the best points of a coarse grid with both parameters, and with each of them
// alone. Gunther's own start is a polynomial through N/X, in which only the highest load counts.
func (f *fit) starts() [][]float64 {
	var starts [3][]float64
	least := [3]float64{math.Inf(1), math.Inf(1), math.Inf(1)}
	grid := []float64{0, 0.1, 0.3, 1, 3, 10, 30, 100}
	for i, a := range grid {
		for j, b := range grid {
			kind := 0
			switch {
			case i == 0:
				kind = 1
			case j == 0:
				kind = 2
			}
			if sum := f.residuals([]float64{a, b}); sum < least[kind] {
				least[kind], starts[kind] = sum, []float64{a, b}
			}
		}
	}
	return starts[:]
}

func average(values []float64) (mean float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	return mean
}
