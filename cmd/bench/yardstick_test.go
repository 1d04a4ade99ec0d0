package bench

import (
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"nodecompare/loadgen"
)

// A server that hangs when its slices begin leaves no slice to compare, and no figure.
func TestTurnsOfAServerThatHangs(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer s.Close()
	g, err := loadgen.Open(loadgen.Attack{Target: loadgen.Target{URL: s.URL + "/"}, Connections: 2,
		Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	y, err := alternate(t.Context(), &target{}, rung{slices: 4, slice: time.Millisecond}, g)
	if err != nil || y.Slices != 1 || y.CPUUS != 0 || y.ThroughputRPS != 0 || y.RelativeThroughput != 0 ||
		len(y.CPUs) > 0 {
		t.Errorf("%+v, %v", y, err)
	}
}

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
