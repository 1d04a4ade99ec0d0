package bench

import (
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
