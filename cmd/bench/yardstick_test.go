package bench

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The more slices differ, the more of them it takes.
func TestMedianOfSlicesIsKnown(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		noise       float64
		least, most int
	}{{0, 2, 2}, {0.05, 2, 12}, {0.15, 20, 60}, {0.3, 100, 220}} {
		var values []float64
		for !known(values) {
			values = append(values, 20*math.Exp(c.noise*random.NormFloat64()))
		}
		if n := len(values); n < c.least || n > c.most {
			t.Errorf("noise %v: known after %d slices, want %d to %d", c.noise, n, c.least, c.most)
		}
	}
}
