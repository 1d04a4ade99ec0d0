package loadgen

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// curve is what a request costs a server by how many it has served, in microseconds: between the
// points, as their logarithms.
type curve [][2]float64

func (c curve) at(served float64) float64 {
	for i := 1; i < len(c); i++ {
		if a, b := c[i-1], c[i]; served < b[0] {
			part := (math.Log(max(served, a[0])) - math.Log(a[0])) / (math.Log(b[0]) - math.Log(a[0]))
			return a[1] * math.Pow(b[1]/a[1], part)
		}
	}
	return c[len(c)-1][1]
}

// As measured on hello, each on a CPU of its own, 64 connections.
var (
	nodeCurve = curve{{50, 1400}, {100, 1350}, {500, 230}, {1000, 330}, {2000, 175}, {3800, 121},
		{9000, 59}, {14500, 57}, {15500, 52}}
	expressCurve = curve{{50, 3000}, {290, 2310}, {2000, 613}, {5700, 241}, {9600, 278}, {12000, 218}, {16000, 130}}
	// lateCurve has a plateau of 4,000 requests at twice what it costs in the end.
	lateCurve = curve{{50, 900}, {500, 200}, {4500, 200}, {6000, 100}}
	flatCurve = curve{{1, 12}}
	slowCurve = curve{{1, 900}} // flat, of an interpreter that compiles nothing
)

// simulate runs warm-ups of 20 ms a window and 64 connections. early counts those that ended before
// the cap with a server that costs more than 15% above what it does in the end.
func simulate(c curve, compiles bool, noise float64, limit time.Duration, runs int) (early, capped int,
	busy time.Duration) {
	random := rand.New(rand.NewPCG(1, 2))
	for range runs {
		w := warming{compiles: compiles}
		warm := false
		for !warm && w.busy < limit {
			cost := c.at(float64(w.requests))
			n := max(64, math.Ceil(20_000/cost))
			warm = w.add(WarmWindow{
				Requests: uint64(n), Busy: time.Duration(n * cost * float64(time.Microsecond)),
				Cost: cost * math.Exp(noise*random.NormFloat64()),
			})
		}
		if !warm {
			capped++
		} else if c.at(float64(w.requests)) > 1.15*c[len(c)-1][1] {
			early++
		}
		busy += w.busy / time.Duration(runs)
	}
	return early, capped, busy
}

func TestWarmUpOfWhatCompilesItself(t *testing.T) {
	const runs = 2000
	for name, c := range map[string]curve{"node": nodeCurve, "express": expressCurve, "late": lateCurve} {
		for _, noise := range []float64{0.03, 0.1, 0.3} {
			early, capped, busy := simulate(c, true, noise, 15*time.Second, runs)
			t.Logf("%s, %v: %d early, %d at the cap, %v in the mean", name, noise, early, capped, busy)
			if early > 0 || capped > runs/20 {
				t.Errorf("%s, noise %v: of %d, %d passed early and %d reached the cap", name, noise, runs,
					early, capped)
			}
		}
	}
}

// A server that has nothing to warm passes in the least time, whatever the noise; one that might
// compile itself when it is surely flat, or after flatAfter.
func TestWarmUpOfAFlatServer(t *testing.T) {
	const runs = 2000
	for _, noise := range []float64{0.001, 0.03, 0.1, 0.3} {
		early, capped, busy := simulate(flatCurve, false, noise, 10*time.Second, runs)
		t.Logf("noise %v: %v in the mean", noise, busy)
		if early > 0 || capped > 0 || busy > 2*LeastWindows*20*time.Millisecond {
			t.Errorf("noise %v: %d at the cap, %v in the mean", noise, capped, busy)
		}
		_, capped, busy = simulate(slowCurve, true, noise, 10*time.Second, runs)
		t.Logf("noise %v, may compile: %d at the cap, %v in the mean", noise, capped, busy)
		if capped > runs/10 || noise < 0.05 && busy > 2500*time.Millisecond {
			t.Errorf("noise %v, may compile: %d at the cap, %v in the mean", noise, capped, busy)
		}
	}
}

// A server that is still changing has until the cap; one that others kept from its CPU for more
// than half of it has until the longest. At the end quarters that nothing can be told from are no
// steady state of a server that compiles itself.
func TestWarmUpEnds(t *testing.T) {
	const every, limit, longest = 30 * time.Millisecond, 3 * time.Second, 6 * time.Second
	for name, c := range map[string]struct {
		busy     time.Duration // of a window
		compiles bool
		longest  time.Duration
		noise    float64
		steps    bool // it grows cheaper all the time
		took     time.Duration
		steady   bool
	}{
		"its CPU is its own":               {20 * time.Millisecond, true, longest, 0.01, true, limit, false},
		"others have it":                   {5 * time.Millisecond, true, longest, 0.01, true, longest, false},
		"others have it, and that is that": {5 * time.Millisecond, true, 0, 0.01, true, limit, false},
		"others have it for a while":       {12 * time.Millisecond, true, longest, 0.01, true, 125 * every, false},
		"all noise":                        {5 * time.Millisecond, true, longest, 3, false, longest, false},
		"flat, but with few requests":      {5 * time.Millisecond, true, longest, 0.01, false, longest, true},
		"compiled, and flat": {5 * time.Millisecond, false, longest, 0.01, false,
			LeastWindows * every, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, 8))
			cost := 1.0
			w, err := Warm(t.Context(), func(context.Context) (WarmWindow, error) {
				time.Sleep(every) // of the bubble's clock
				if c.steps {
					cost *= 0.9
				}
				return WarmWindow{Requests: 20, Busy: c.busy, Cost: cost * math.Exp(c.noise*random.NormFloat64())}, nil
			}, WarmUpOptions{Cap: limit, Longest: c.longest, Compiles: c.compiles})
			if err != nil || w.Took != c.took || w.Steady != c.steady {
				t.Errorf("%s: %+v, %v, want %v and steady %v", name, w, err, c.took, c.steady)
			}
		})
	}
}
