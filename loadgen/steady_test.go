package loadgen_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"

	"nodecompare/loadgen"
)

// level draws n windows within the share spread of 1000.
func level(t *rapid.T, label string, n int, spread float64) []float64 {
	return rapid.SliceOfN(rapid.Float64Range(1000*(1-spread), 1000*(1+spread)), n, n).Draw(t, label)
}

// Noise of up to 1.4% either way is below the floors of both tests: it passes, in whatever order it comes.
func TestFlatNoiseIsSteady(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		figures := level(t, "figures", rapid.IntRange(10, 60).Draw(t, "n"), 0.014)
		if steady, from := loadgen.Steady(figures); !steady || from != 0 {
			t.Errorf("steady %v, from %d", steady, from)
		}
	})
}

// Heavier noise can look like anything now and then. What is promised is how often.
func TestHeavyNoiseIsSteadyMostly(t *testing.T) {
	for _, noise := range []float64{0.03, 0.1, 0.3} {
		const runs = 2000
		random := rand.New(rand.NewPCG(1, 2))
		first, soon := 0, 0
		for range runs {
			var figures []float64
			for len(figures) < 30 {
				figures = append(figures, 1000*math.Exp(noise*random.NormFloat64()))
				if steady, _ := loadgen.Steady(figures); steady {
					soon++
					if len(figures) == 10 {
						first++
					}
					break
				}
			}
		}
		t.Logf("noise %v: steady at the first check %.1f%%, within 30 windows %.1f%%", noise, 100*float64(first)/runs, 100*float64(soon)/runs)
		if first < runs*88/100 || soon < runs*99/100 {
			t.Errorf("noise %v: of %d, %d are steady at the first check and %d within 30 windows", noise, runs, first, soon)
		}
	}
}

// A ramp is not steady as long as it rises or falls by twice the noise from window to window: then no pair of windows
// is out of order.
func TestRampIsNotSteady(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		slope := rapid.Float64Range(0.01, 0.5).Draw(t, "slope")
		if rapid.Bool().Draw(t, "falling") {
			slope = -slope / float64(n+1)
			slope = min(slope, -0.01)
		}
		noise := level(t, "noise", n, 0.45*math.Abs(slope))
		figures := make([]float64, 0, n)
		for i, x := range noise {
			if at := x + 1000*slope*float64(i); at > 300 { // a falling one ends before the noise is most of it
				figures = append(figures, at)
			}
		}
		if steady, _ := loadgen.Steady(figures); steady {
			t.Errorf("a ramp of %.1f%% a window is called steady: %v", 100*slope, figures)
		}
	})
}

// A ramp that is drowned in noise passes sometimes; one that is as strong as the noise in every four windows seldom does.
func TestNoisyRampIsSeldomSteady(t *testing.T) {
	const runs = 2000
	random := rand.New(rand.NewPCG(3, 4))
	passed := 0
	for range runs {
		figures := make([]float64, 10)
		for i := range figures {
			figures[i] = 1000 + 25*float64(i) + 100*random.NormFloat64()/2
		}
		if steady, _ := loadgen.Steady(figures); steady {
			passed++
		}
	}
	t.Logf("%.1f%% pass", 100*float64(passed)/runs)
	if passed > runs*10/100 {
		t.Errorf("%d of %d pass", passed, runs)
	}
}

// A step starts the count anew: ten windows at the new level are needed, and are enough.
func TestStepRestarts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.IntRange(3, 40).Draw(t, "before")
		after := rapid.IntRange(1, 20).Draw(t, "after")
		factor := rapid.Float64Range(1.25, 10).Draw(t, "factor")
		if rapid.Bool().Draw(t, "down") {
			factor = 1 / factor
		}
		figures := level(t, "figures", before+after, 0.014)
		for i := before; i < len(figures); i++ {
			figures[i] *= factor
		}
		steady, from := loadgen.Steady(figures)
		if steady != (after >= loadgen.SteadyWindows) {
			t.Errorf("%d windows after a step by %.2f: steady is %v", after, factor, steady)
		}
		if after >= 2 && from != before {
			t.Errorf("the level begins with window %d, want %d", from, before)
		}
	})
}

// An outlier in the newest window has to be followed by one that is none; then it does not matter.
func TestOutlier(t *testing.T) {
	figures := slices.Repeat([]float64{1000, 1005, 998, 1001}, 5)
	outlier := append(slices.Clone(figures), 300)
	if steady, _ := loadgen.Steady(outlier); steady {
		t.Error("steady with an outlier that may be a step")
	}
	if steady, from := loadgen.Steady(append(outlier, 1002)); !steady || from != 0 {
		t.Errorf("after an outlier: steady %v, from %d", steady, from)
	}
}

func TestNothingAnsweredIsNotSteady(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		figures := rapid.SliceOf(rapid.SampledFrom([]float64{0, 0, 0, 100, 101, math.NaN()})).Draw(t, "figures")
		steady, from := loadgen.Steady(figures)
		if from < 0 || from > len(figures) {
			t.Fatalf("from %d of %d", from, len(figures))
		}
		last := figures[max(0, len(figures)-loadgen.SteadyWindows):]
		if steady && slices.ContainsFunc(last, func(f float64) bool { return !(f > 0) }) {
			t.Errorf("steady: %v", figures)
		}
	})
}

// scripted is a load whose windows have the given throughputs, of 1,000 requests each; the last one goes on.
func scripted(throughputs ...float64) func(context.Context, time.Duration) (*loadgen.Result, error) {
	i := -1
	return func(ctx context.Context, _ time.Duration) (*loadgen.Result, error) {
		i = min(i+1, len(throughputs)-1)
		return &loadgen.Result{Requests: 1010, Errors: 10, Elapsed: time.Duration(1000 / throughputs[i] * 1e9)}, ctx.Err()
	}
}

func TestWarmEndsWhenSteady(t *testing.T) {
	w, err := loadgen.Warm(t.Context(), scripted(100, 100, 100, 5000), loadgen.WarmUpOptions{Window: time.Nanosecond, Cap: time.Hour})
	if err != nil || !w.Steady || w.Windows != 13 || w.Errors != 130 || len(w.Figures) != 13 || w.Took <= 0 {
		t.Errorf("%+v, %v; want 13 windows", w, err)
	}
	if math.Abs(w.Figures[12]-5000) > 1 {
		t.Errorf("throughput %v, want 5000", w.Figures[12])
	}
}

func TestWarmEndsAtItsCap(t *testing.T) {
	const window = 2 * time.Millisecond
	rate := 1.0
	ramp := func(ctx context.Context, d time.Duration) (*loadgen.Result, error) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		rate *= 1.1
		return &loadgen.Result{Requests: 1000, Elapsed: time.Duration(1e12 / rate)}, ctx.Err()
	}
	w, err := loadgen.Warm(t.Context(), ramp, loadgen.WarmUpOptions{Window: window, Cap: 25 * window})
	if err != nil || w.Steady || w.Windows < 1 || w.Windows > 25 || w.Took+window <= 25*window {
		t.Errorf("steady %v after %d windows in %v, %v", w.Steady, w.Windows, w.Took, err)
	}
}

// The rate of an open load is given: what warms up is its latency.
func TestWarmOfOpenLoadLooksAtLatency(t *testing.T) {
	n := 0
	run := func(context.Context, time.Duration) (*loadgen.Result, error) {
		n++
		h := hdrhistogram.New(1, int64(loadgen.MaxLatency), 3)
		if err := h.RecordValues(int64(10*time.Millisecond)/int64(min(n, 20)), 1000); err != nil {
			return nil, err
		}
		return &loadgen.Result{Requests: 1000, Offered: 1000, Elapsed: time.Second, Latency: h}, nil
	}
	w, err := loadgen.Warm(t.Context(), run, loadgen.WarmUpOptions{Window: time.Nanosecond, Cap: time.Hour})
	if err != nil || !w.Steady || w.Windows < 20 {
		t.Errorf("steady %v after %d windows, %v: latency falls for 20", w.Steady, w.Windows, err)
	}
}

func TestWarmStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := loadgen.Warm(ctx, scripted(1), loadgen.WarmUpOptions{Window: 1, Cap: time.Hour}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for _, s := range []loadgen.WarmUpOptions{{}, {Window: 2, Cap: 1}, {Window: -1, Cap: 1}} {
		if _, err := loadgen.Warm(t.Context(), scripted(1), s); err == nil {
			t.Errorf("%+v is taken", s)
		}
	}
}

func TestWarmOnARealServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	g, err := loadgen.Open(loadgen.Attack{Target: loadgen.Target{URL: server.URL}, Connections: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	w, err := loadgen.Warm(t.Context(), g.Run, loadgen.WarmUpOptions{Window: 20 * time.Millisecond, Cap: time.Minute})
	if err != nil || !w.Steady || w.Windows < loadgen.SteadyWindows || w.Errors != 0 {
		t.Errorf("%+v, %v", w, err)
	}
	t.Logf("%d windows, %v", w.Windows, w.Took)
}
