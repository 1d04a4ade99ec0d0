package stat_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nodecompare/results/stat"
)

// Quantiles of Student's t are from the tables: 4.0321 (99%, 5 degrees of freedom), 2.5706 (95%,
// 5), 3.1058 (99%, 11).
func TestPairedRatioKnownAnswers(t *testing.T) {
	alternating := func(n int) (logs []float64) {
		for i := range n {
			logs = append(logs, 2+float64(i%2*2-1)) // 1, 3, …: deviation √(n/(n−1))
		}
		return logs
	}
	for _, test := range []struct {
		name       string
		logs       []float64
		confidence float64
		want       stat.Estimate
	}{
		{"nothing", nil, 0.99, stat.Estimate{}},
		{"all the same", []float64{0.3, 0.3, 0.3, 0.3, 0.3, 0.3}, 0.99,
			stat.Estimate{Value: 0.3, Low: 0.3, High: 0.3, Confidence: 0.99, N: 6}},
		{"three: the range", []float64{1, 2, 4}, 0.99,
			stat.Estimate{Value: 2, Low: 1, High: 4, Confidence: 0.75, N: 3}},
		{"six, 99%", alternating(6), 0.99,
			stat.Estimate{Value: 2, Low: 2 - 4.0321/math.Sqrt(5), High: 2 + 4.0321/math.Sqrt(5),
				Confidence: 0.99, N: 6}},
		{"six, 95%", alternating(6), 0.95,
			stat.Estimate{Value: 2, Low: 2 - 2.5706/math.Sqrt(5), High: 2 + 2.5706/math.Sqrt(5),
				Confidence: 0.95, N: 6}},
		{"twelve, 99%", alternating(12), 0.99,
			stat.Estimate{Value: 2, Low: 2 - 3.1058/math.Sqrt(11), High: 2 + 3.1058/math.Sqrt(11),
				Confidence: 0.99, N: 12}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := stat.PairedRatio(test.logs, test.confidence)
			for _, pair := range [][2]float64{{got.Value, test.want.Value}, {got.Low, test.want.Low},
				{got.High, test.want.High}, {got.Confidence, test.want.Confidence},
				{float64(got.N), float64(test.want.N)}} {
				if math.Abs(pair[0]-pair[1]) > 1e-4 {
					t.Fatalf("%+v, not %+v", got, test.want)
				}
			}
		})
	}
}

var logs = rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(-3, 3), rapid.SampledFrom([]float64{0, 0.5, -0.5})), 0, 15)

func TestPairedRatioMirrorsAndScales(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := logs.Draw(t, "logs")
		e := stat.PairedRatio(values, 0.99)
		var mirror, shifted []float64
		for _, v := range values {
			mirror, shifted = append(mirror, -v), append(shifted, v+1)
		}
		m := stat.PairedRatio(mirror, 0.99)
		if diff := cmp.Diff(e,
			stat.Estimate{Value: -m.Value, Low: -m.High, High: -m.Low, Confidence: m.Confidence,
				N: m.N}); diff != "" && len(values) >= 6 {
			t.Fatal(diff)
		}
		if p, q := stat.PairedDiffer(values), stat.PairedDiffer(mirror); p != q || !(p >= 0 && p <= 1) {
			t.Fatalf("P %v, mirrored %v", p, q)
		}
		if len(values) == 0 {
			return
		}
		if s := stat.PairedRatio(shifted, 0.99); math.Abs(s.Low-e.Low-1) > 1e-9 || math.Abs(s.High-e.High-1) > 1e-9 {
			t.Fatalf("%+v, shifted by 1: %+v", e, s)
		}
		backwards := rapid.Permutation(values).Draw(t, "order")
		if diff := cmp.Diff(e, stat.PairedRatio(backwards, 0.99)); diff != "" {
			t.Fatalf("in another order: %s", diff)
		}
		if wider := stat.PairedRatio(values, 0.99).High - e.Value; wider < stat.PairedRatio(values, 0.95).High-e.Value {
			t.Fatalf("99%% is narrower than 95%%")
		}
	})
}

// The interval leaves out 0 just where the test is below its level.
func TestPairedRatioInvertsPairedDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1, 3), 6, 12).Draw(t, "logs")
		e, p := stat.PairedRatio(values, 0.99), stat.PairedDiffer(values)
		if math.Abs(p-0.01) > 1e-6 && (p < 0.01) != (e.Low > 0 || e.High < 0) {
			t.Fatalf("P %v, %+v", p, e)
		}
	})
}

// As many rounds as are said make the interval as narrow as was wanted, and one less does not.
func TestPairedRounds(t *testing.T) {
	of := func(n int) stat.Estimate {
		var logs []float64
		for i := range n {
			logs = append(logs, math.Sqrt(float64(n-1)/float64(n))*float64(i%2*2-1))
		}
		return stat.PairedRatio(logs, 0.99) // its deviation is 1 where n is even
	}
	six := of(6)
	for _, test := range []struct {
		half float64
		most int
		want int
	}{
		{six.High * (1 + 1e-9), 100, 6},
		{of(12).High * (1 + 1e-9), 100, 12}, {of(20).High * (1 + 1e-9), 100, 20},
		{of(20).High * (1 + 1e-9), 19, 0}, {0, 100, 0}, {0.001, 100, 0},
	} {
		got := stat.PairedRounds(six, test.half, test.most)
		if got != test.want {
			t.Errorf("within ±%v, of at most %d: %d rounds, not %d", test.half, test.most, got, test.want)
		}
	}
	if n := stat.PairedRounds(stat.Estimate{N: 5}, 1, 100); n != 0 {
		t.Errorf("of 5 rounds: %d", n)
	}
}
