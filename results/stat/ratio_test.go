package stat_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nodecompare/results/stat"
	"nodecompare/thorough"
)

func TestRatioIntervalKnownAnswers(t *testing.T) {
	for _, test := range []struct {
		name     string
		old, new []float64
		want     stat.Estimate
	}{
		{"nothing", nil, []float64{1}, stat.Estimate{}},
		{"no logarithm", []float64{1, 2}, []float64{0, 1}, stat.Estimate{}},
		{"one each", []float64{2}, []float64{3}, stat.Estimate{Value: 1.5, Low: 1.5, High: 1.5, Confidence: 0, N: 1}},
		{"three each: the range, with 1 − 2/20", []float64{1, 1, 1}, []float64{2, 3, 4},
			stat.Estimate{Value: 3, Low: 2, High: 4, Confidence: 0.9, N: 3}},
		// Of 5 and 5, P(U ≤ 2) = 4/252: the third of the ratios from either end (Moses' table has
		// 3). The new ones are powers of 2.
		{"five each", []float64{1, 1, 1, 1, 1}, []float64{1, 2, 4, 8, 16},
			stat.Estimate{Value: 4, Low: 1, High: 16, Confidence: 1 - 8.0/252, N: 5}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, stat.RatioInterval(test.old, test.new), near); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRatioIntervalMirrorsAndScales(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := values(t, "a", 1, 9), values(t, "b", 1, 9)
		e, mirror := stat.RatioInterval(a, b), stat.RatioInterval(b, a)
		want := stat.Estimate{Value: 1 / mirror.Value, Low: 1 / mirror.High, High: 1 / mirror.Low,
			Confidence: mirror.Confidence, N: mirror.N}
		if diff := cmp.Diff(want, e, near); diff != "" {
			t.Fatal(diff)
		}
		if !(e.Low <= e.Value && e.Value <= e.High) || e.Confidence < 0 || e.Confidence >= 1 {
			t.Fatalf("%+v", e)
		}
		doubled := slices.Clone(b)
		for i := range doubled {
			doubled[i] *= 2
		}
		if twice := stat.RatioInterval(a, doubled); math.Abs(twice.Low/e.Low-2) > 1e-9 ||
			math.Abs(twice.High/e.High-2) > 1e-9 {
			t.Fatalf("%+v became %+v", e, twice)
		}
	})
}

// The interval leaves out just those ratios at which the test finds a difference.
func TestRatioIntervalInvertsDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.SliceOfNDistinct(rapid.Float64Range(1, 3), 6, 9, rapid.ID[float64])
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		e := stat.RatioInterval(a, b)
		ratio := math.Exp(rapid.Float64Range(-2, 2).Draw(t, "log ratio"))
		if math.Abs(ratio/e.Low-1) < 1e-6 || math.Abs(ratio/e.High-1) < 1e-6 {
			t.Skip("on the border")
		}
		scaled := slices.Clone(a)
		for i := range scaled {
			scaled[i] *= ratio
		}
		differs := stat.Differ(scaled, b) < 1-stat.Confidence
		if outside := ratio < e.Low || ratio > e.High; outside != differs {
			t.Fatalf("%v: outside of %+v: %v, differs: %v", ratio, e, outside, differs)
		}
	})
}

// noise is what a trial's luck looks like: lognormal, and now and then far off.
func noise(random *rand.Rand) float64 {
	sigma := 0.05
	if random.Float64() < 0.1 {
		sigma = 0.3
	}
	return math.Exp(sigma * random.NormFloat64())
}

// Of intervals that are said to hold the truth 95 times in 100, so many must; counted over 3,000
// tries each in .ci/run, and 300 else. Three standard deviations of these are 1.2% and 3.8%.
func TestCoverage(t *testing.T) {
	tries, least := 300, stat.Confidence-0.038
	if thorough.On() {
		tries, least = 3000, stat.Confidence-0.012
	}
	random := rand.New(rand.NewPCG(20261122, 0))
	sample := func(n int, truth float64) (values []float64) {
		for range n {
			values = append(values, truth*noise(random))
		}
		return values
	}
	for _, n := range []int{6, 7, 10, 20, 60} {
		var median, ratio int
		for range tries {
			if e := stat.Median(sample(n, 40)); e.Low <= 40 && 40 <= e.High {
				median++
			}
			if e := stat.RatioInterval(sample(n, 40), sample(n, 50)); e.Low <= 1.25 && 1.25 <= e.High {
				ratio++
			}
		}
		t.Logf("n = %d: median %.3f, ratio %.3f", n, float64(median)/float64(tries), float64(ratio)/float64(tries))
		if float64(median)/float64(tries) < least || float64(ratio)/float64(tries) < least {
			t.Errorf("n = %d: intervals held the truth in %d (median) and %d (ratio) of %d tries", n,
				median, ratio, tries)
		}
	}
}

func TestRoundsNeeded(t *testing.T) {
	for _, test := range []struct {
		n             int
		width, wanted float64
		want          int
	}{
		{6, 0.05, 0.05, 6}, {6, 0.10, 0.05, 24}, {10, 0.11, 0.10, 13}, {10, 0.01, 0.1, 6},
		{6, 0.1, 0, 0}, {0, 0.1, 0.1, 0}, {6, math.NaN(), 0.1, 0}, {6, math.Inf(1), 0.1, 0}, {6, 1, 1e-9, 0},
	} {
		if got := stat.RoundsNeeded(test.n, test.width, test.wanted); got != test.want {
			t.Errorf("%d rounds, %v wide, %v wanted: %d, not %d", test.n, test.width, test.wanted, got, test.want)
		}
	}
}
