package stat_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"nodecompare/results/stat"
)

var ladder = []float64{1, 8, 64, 512, 2000}

func law(lambda, sigma, kappa, n float64) float64 {
	return lambda * n / (1 + sigma*(n-1) + kappa*n*(n-1))
}

func throughputs(lambda, sigma, kappa float64, loads []float64) (x []float64) {
	for _, n := range loads {
		x = append(x, law(lambda, sigma, kappa, n))
	}
	return x
}

func TestFitUSLFindsTheLawThatMadeThePoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		magnitude := func(label string, low, high float64) float64 {
			return rapid.OneOf(rapid.Just(0.0),
				rapid.Map(rapid.Float64Range(low, high),
					func(e float64) float64 { return math.Pow(10, e) })).Draw(t, label)
		}
		lambda := math.Pow(10, rapid.Float64Range(-1, 6).Draw(t, "lambda"))
		sigma, kappa := magnitude("sigma", -4, 0), magnitude("kappa", -7, -2)
		got, gotSigma, gotKappa, r2, err := stat.FitUSL(ladder, throughputs(lambda, sigma, kappa, ladder))
		if err != nil {
			t.Fatal(err)
		}
		// What a parameter does is seen in the curve: a σ beside a far larger κ has next to no part
		// in it.
		for n := 1.0; n <= 2000; n *= 1.5 {
			want, fitted := law(lambda, sigma, kappa, n), law(got, gotSigma, gotKappa, n)
			if math.Abs(fitted/want-1) > 0.01 {
				t.Fatalf("λ %v, σ %v, κ %v: at %.0f %v, not %v", got, gotSigma, gotKappa, n, fitted, want)
			}
		}
		if r2 < 0.999 && sigma < 0.9 {
			t.Fatalf("R² %v", r2)
		}
	})
}

func TestFitUSLWithNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const lambda, sigma, kappa = 20, 0.0005, 2e-7
	var found [3][]float64
	for range 200 {
		x := throughputs(lambda, sigma, kappa, ladder)
		for i := range x {
			x[i] *= math.Exp(0.05 * random.NormFloat64())
		}
		l, s, k, r2, err := stat.FitUSL(ladder, x)
		if err != nil {
			t.Fatal(err)
		}
		if r2 < 0.98 {
			t.Errorf("R² %v", r2)
		}
		for i, v := range []float64{l, s, k} {
			found[i] = append(found[i], v)
		}
	}
	for i, want := range []float64{lambda, sigma, kappa} {
		if e := stat.Median(found[i]); math.Abs(e.Value/want-1) > 0.15 {
			t.Errorf("parameter %d: the median of 200 fits is %+v, the truth %v", i, e, want)
		}
	}
}

func TestFitUSLKnownShapes(t *testing.T) {
	for _, test := range []struct {
		name         string
		x            []float64
		sigma, kappa float64
		r2           float64
	}{
		{"linear", []float64{20, 160, 1280, 10240, 40000}, 0, 0, 1},
		{"flat from the start", []float64{5000, 5000, 5000, 5000, 5000}, 1, 0, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, sigma, kappa, r2, err := stat.FitUSL(ladder, test.x)
			if err != nil || math.Abs(sigma-test.sigma) > 1e-3 || math.Abs(kappa-test.kappa) > 1e-6 ||
				math.Abs(r2-test.r2) > 1e-6 {
				t.Errorf("σ %v, κ %v, R² %v, %v", sigma, kappa, r2, err)
			}
		})
	}
}

// Whatever was measured: a law that can be written to a record, or an error.
func TestFitUSLIsFiniteOrRefuses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float64Range(1, 1e4), rapid.Float64Range(0.5, 1e12),
			rapid.SampledFrom([]float64{0, 1, math.NaN(), math.Inf(1), math.MaxFloat64, 1e-300}))
		n := rapid.SliceOfN(number, 0, 8).Draw(t, "n")
		x := rapid.SliceOfN(number, len(n), len(n)).Draw(t, "x")
		lambda, sigma, kappa, r2, err := stat.FitUSL(n, x)
		if err != nil {
			return
		}
		for _, v := range []float64{lambda, sigma, kappa, r2} {
			if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
				t.Fatalf("λ %v, σ %v, κ %v, R² %v of %v, %v", lambda, sigma, kappa, r2, n, x)
			}
		}
		again, _, _, _, err := stat.FitUSL(n, x)
		if err != nil || again != lambda {
			t.Fatalf("the second time: %v, %v", again, err)
		}
	})
}

func TestFitUSLRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		n, x []float64
		few  bool
	}{
		"nothing":                        {nil, nil, true},
		"three points":                   {[]float64{1, 8, 64}, []float64{1, 2, 3}, true},
		"three loads, one of them twice": {[]float64{1, 8, 64, 64}, []float64{1, 2, 3, 3}, true},
		"a throughput of 0":              {[]float64{1, 8, 64, 512}, []float64{1, 2, 3, 0}, false},
		"no connections":                 {[]float64{0, 8, 64, 512}, []float64{1, 2, 3, 4}, false},
		"one throughput too few":         {[]float64{1, 8, 64, 512}, []float64{1, 2, 3}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, _, _, err := stat.FitUSL(test.n, test.x); err == nil ||
				errors.Is(err, stat.ErrTooFewPoints) != test.few {
				t.Errorf("error %v", err)
			}
		})
	}
}
