package stat_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"nodecompare/results/stat"
)

var near = cmpopts.EquateApprox(1e-9, 1e-12)

func TestDifferKnownAnswers(t *testing.T) {
	six := []float64{1, 2, 3, 4, 5, 6}
	for _, test := range []struct {
		name string
		a, b []float64
		want float64
	}{
		{"none", nil, six, 1},
		{"all the same", []float64{3, 3, 3}, []float64{3, 3, 3}, 1},
		{"three apart: 2 of the 20 orders", []float64{1, 2, 3}, []float64{4, 5, 6}, 2.0 / 20},
		{"six apart: 2 of 924", six, []float64{7, 8, 9, 10, 11, 12}, 2.0 / 924},
		{"six, one pair the other way: 4 of 924", six, []float64{5.5, 8, 9, 10, 11, 12}, 4.0 / 924},
		// Mann and Whitney 1947, table I: P(U ≤ 2) of 4 and 4 is 0.057.
		{"four, U = 2", []float64{1, 2, 3, 6.5}, []float64{5, 6, 7, 8}, 2 * 4.0 / 70},
		{"ties: half of the middle pair", []float64{1, 2, 3}, []float64{3, 4, 5}, 2 * 2.0 / 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, stat.Differ(test.a, test.b), near); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// values are as trials give them: some equal, of any order of magnitude.
func values(t *rapid.T, label string, least, most int) []float64 {
	return rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(1e-6, 1e9), rapid.SampledFrom([]float64{1, 2, 5})),
		least, most).Draw(t, label)
}

func TestDifferIsOfRanksOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := values(t, "a", 0, 9), values(t, "b", 0, 9)
		keptA, keptB := slices.Clone(a), slices.Clone(b)
		p := stat.Differ(a, b)
		if !(p > 0 && p <= 1) {
			t.Fatalf("P is %v", p)
		}
		if q := stat.Differ(b, a); q != p {
			t.Fatalf("swapped: %v, not %v", q, p)
		}
		logs := func(v []float64) (l []float64) {
			for _, x := range v {
				l = append(l, math.Log(x))
			}
			return l
		}
		if q := stat.Differ(logs(a), logs(b)); math.Abs(q-p) > 1e-12 {
			t.Fatalf("of logarithms: %v, not %v", q, p)
		}
		if !slices.Equal(a, keptA) || !slices.Equal(b, keptB) {
			t.Fatal("it sorted what belongs to the caller")
		}
	})
}

func TestHolmKnownAnswers(t *testing.T) {
	for _, test := range []struct{ p, want []float64 }{
		{nil, []float64{}},
		{[]float64{0.03}, []float64{0.03}},
		// R: p.adjust(c(.01,.04,.03,.005), "holm")
		{[]float64{0.01, 0.04, 0.03, 0.005}, []float64{0.03, 0.06, 0.06, 0.02}},
		{[]float64{0.6, 0.9, 0.5}, []float64{1, 1, 1}},
		{[]float64{math.NaN(), 0.01}, []float64{1, 0.02}},
	} {
		if diff := cmp.Diff(test.want, stat.Holm(test.p), near); diff != "" {
			t.Errorf("%v:\n%s", test.p, diff)
		}
	}
}

func TestHolm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOf(rapid.Float64Range(0, 1)).Draw(t, "p")
		adjusted := stat.Holm(p)
		for i := range p {
			if adjusted[i] < p[i] || adjusted[i] > 1 ||
				adjusted[i] > float64(len(p))*p[i] && len(p) > 1 && adjusted[i] > maxBelow(p, adjusted, p[i]) {
				t.Fatalf("%v became %v among %v", p[i], adjusted[i], p)
			}
			for j := range p {
				if p[i] < p[j] && adjusted[i] > adjusted[j] {
					t.Fatalf("%v became %v, but %v became %v", p[i], adjusted[i], p[j], adjusted[j])
				}
			}
		}
	})
}

// maxBelow is the largest corrected value of those that were smaller before: what may lift one
// beyond Bonferroni's.
func maxBelow(p, adjusted []float64, limit float64) (most float64) {
	for i := range p {
		if p[i] < limit {
			most = max(most, adjusted[i])
		}
	}
	return most
}
