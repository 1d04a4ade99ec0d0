package report_test

import (
	"slices"
	"testing"

	"nodecompare/results"
)

// No run of a timeline has more points than its place on the page can show.
func TestTimelinesAreThinned(t *testing.T) {
	r := bench(t, 1, 1, 2)
	for i := range r.Trials[0].Rungs {
		line := r.Trials[0].Rungs[i].Timeline
		line.Requests = slices.Repeat(line.Requests, 40)
	}
	for _, part := range pageData(t, r).Parts {
		for _, trial := range part.Timeline.Trials {
			for _, rung := range trial.Rungs {
				if n := len(rung.Rate); n == 0 || n > 60 {
					t.Errorf("a run has %d points", n)
				}
			}
		}
	}
}

// A run ends within the last interval of its timeline; a steady server fills that like the rest.
func TestTimelineOfASteadyServerIsLevel(t *testing.T) {
	for name, requests := range map[string][]uint64{
		"nearly nothing is left": {100, 100, 100, 0}, "half an interval is left": {100, 100, 100, 52},
		"more than the page shows": slices.Repeat([]uint64{100}, 130),
	} {
		r := bench(t, 1, 1, 2)
		for i := range r.Trials[0].Rungs {
			rung := &r.Trials[0].Rungs[i]
			rung.Timeline = &results.Timeline{IntervalS: 0.05, Requests: requests}
			sum := 0
			for _, n := range requests {
				sum += int(n)
			}
			rung.ElapsedS, rung.EndedS = float64(sum)/2000+1e-4, 0
		}
		for _, rung := range pageData(t, r).Parts[0].Timeline.Trials[0].Rungs {
			all := rung.Rate
			if len(all) < 3 || len(all) > 60 || slices.Min(all) < 1900 || slices.Max(all) > 2100 {
				t.Errorf("%s: %v", name, rung.Rate)
			}
		}
	}
}
