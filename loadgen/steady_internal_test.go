package loadgen

import (
	"math"
	"slices"
	"testing"
)

// The exact distribution against all orders of six values.
func TestMannKendallAgainstAllOrders(t *testing.T) {
	var all [][]float64
	var permute func(done, rest []float64)
	permute = func(done, rest []float64) {
		if len(rest) == 0 {
			all = append(all, slices.Clone(done))
		}
		for i := range rest {
			permute(append(done, rest[i]), slices.Delete(slices.Clone(rest), i, i+1))
		}
	}
	permute(nil, []float64{1, 2, 3, 4, 5, 6})
	strength := func(v []float64) (s int) {
		for j := range v {
			for i := range j {
				if v[j] > v[i] {
					s++
				} else {
					s--
				}
			}
		}
		return max(s, -s)
	}
	for _, v := range all[:120] {
		atLeast := 0
		for _, other := range all {
			if strength(other) >= strength(v) {
				atLeast++
			}
		}
		want := min(1, float64(atLeast)/float64(len(all)))
		if got := mannKendall(v); math.Abs(got-want) > 1e-9 {
			t.Fatalf("%v: %v, want %v", v, got, want)
		}
	}
	// Kendall's table (R. O. Gilbert, Statistical Methods for Environmental Pollution Monitoring, 1987, table A18): of ten
	// values, S is 23 or more with a chance of 0.023. These have 11 inversions: S = 45 - 2*11.
	if got := mannKendall([]float64{5, 4, 3, 2, 1, 7, 6, 8, 9, 10}); math.Abs(got-2*0.023) > 0.001 {
		t.Errorf("n = 10, S = 23: %v, want 0.046", got)
	}
	if got := mannKendall(slices.Repeat([]float64{7}, 10)); math.Abs(got-1) > 1e-9 {
		t.Errorf("ties alone: %v, want 1", got)
	}
}
