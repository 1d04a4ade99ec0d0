package results_test

import (
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nodecompare/results"
)

func drawn(t *rapid.T, label string) []measurement {
	typical := rapid.Float64Range(0.5, 2).Draw(t, label+" is typically")
	factor := rapid.OneOf(rapid.Just(typical), rapid.Float64Range(typical*0.97, typical*1.03),
		rapid.Float64Range(0.3, 3))
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) measurement {
		m := even
		for _, f := range []*float64{&m.rps64, &m.cpu64, &m.light, &m.p50, &m.p99, &m.rps1000, &m.p99at1000} {
			*f *= factor.Draw(t, "factor")
		}
		m.memory1000 = m.memory64 + uint64(factor.Draw(t, "memory")*float64(8<<20))
		m.threads64 = rapid.IntRange(5, 300).Draw(t, "threads at 64")
		m.threads1000 = rapid.IntRange(5, 1300).Draw(t, "threads at 1,000")
		m.failed = rapid.SampledFrom([]float64{0, 0, 0, 0.005, 0.2}).Draw(t, "failed")
		return m
	}), 0, 11).Draw(t, label)
}

// The verdict must not depend on which of the two is named first.
func TestSwappingTheModesSwapsTheWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawn(t, "a"), drawn(t, "b")
		for _, row := range []string{results.RowExecution, results.RowPerformance, results.RowScalability} {
			first, second, _ := strings.Cut(words(recordOf(a, b), row), ", ")
			if got, want := words(recordOf(b, a), row), second+", "+first; got != want {
				t.Fatalf("%s: %s, %s; swapped: %s", row, first, second, got)
			}
		}
	})
}

// Nor on the order in which the rounds ran, nor on the unit of a figure.
func TestOrderAndUnitsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := recordOf(drawn(t, "a"), drawn(t, "b"), drawn(t, "c"))
		want := fmt.Sprint(wordsOf(r))
		scale := math.Exp2(float64(rapid.IntRange(-8, 8).Draw(t, "scale")))
		for i := range r.Settings.Workloads {
			r.Settings.Workloads[i].WaitUS *= scale // latencies are held against it
		}
		r.Settings.SLOUS *= scale // and against it
		for i := range r.Trials {
			for j := range r.Trials[i].Rungs {
				rung := &r.Trials[i].Rungs[j]
				rung.ThroughputRPS *= scale
				rung.LatencyUS.P99 *= scale
			}
		}
		r.Trials = rapid.Permutation(r.Trials).Draw(t, "order")
		if got := fmt.Sprint(wordsOf(r)); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

func wordsOf(r *results.Record) (all []string) {
	for _, f := range results.Judge(r)[0].Findings {
		for _, w := range f.Words {
			all = append(all, w.Word)
		}
	}
	return all
}

// What is said to differ has its whole interval beyond the floor, and what is said to be the same
// has it within; someone is best unless none is known.
func TestWhatIsSaidToDifferDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := recordOf(drawn(t, "a"), drawn(t, "b"), drawn(t, "c"))
		before := *r
		for _, f := range results.Judge(r)[0].Findings {
			for _, c := range f.Comparisons {
				if c.Rounds > 0 && (c.Low > c.Ratio*(1+1e-9) || c.Ratio > c.High*(1+1e-9)) {
					t.Fatalf("median outside of its interval: %+v", c)
				}
				more, ratio, low, high := c.Factors()
				if c.Rounds > 0 && (ratio < 1 || low > high || more != c.A && more != c.B) {
					t.Fatalf("factors of %+v: %s %v %v %v", c, more, ratio, low, high)
				}
				sure := c.Rounds >= 6 && c.Confidence >= 0.95
				switch {
				case c.Better == "" && c.Decides, c.Better != "" && c.Same:
					t.Fatalf("contradicts itself: %+v", c)
				case c.Better != "" && (!sure || low < (1+c.Floor)*(1-1e-9)):
					t.Fatalf("differs without reason: %+v", c)
				case c.Same && (!sure || high > (1+c.Floor)*(1+1e-9) || 1/low > (1+c.Floor)*(1+1e-9)):
					t.Fatalf("the same without reason: %+v", c)
				}
			}
		}
		if diff := cmp.Diff(&before, r); diff != "" {
			t.Fatalf("judging changed the record:\n%s", diff)
		}
		if err := results.Encode(io.Discard, &results.Record{Verdicts: results.Judge(r)}); err != nil {
			t.Fatal(err)
		}
	})
}
