package report_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"nodecompare/results"
	"nodecompare/results/report"
)

// overloaded is a bench of the sample's first workload that ended in an overload: async gets over
// it, blocking does not, and a third mode is too fast for the load.
func overloaded() *results.Record {
	r := sample()
	r.Settings.Workloads = r.Settings.Workloads[:1]
	w := &r.Settings.Workloads[0]
	w.Surge = &results.Surge{Times: 2, ForS: 1, Then: 0.5, ThenS: 4, Clients: 4000, MostRPS: 60_000}
	r.Settings.Modes = append(r.Settings.Modes, results.Mode{Name: "swift", Summary: "faster than the load"})
	r.Trials = []results.Trial{{Workload: w.Name, Mode: "swift", Round: 1, Started: r.Started, Rungs: []results.Rung{{
		Load: results.Closed, Engine: "loop", Connections: w.Base, Requests: 50_000, ThroughputRPS: 50_000,
		LatencyUS: results.Latency{P50: 1000, P99: 2000, Max: 3000},
	}}}}
	for round := range 6 {
		for i, m := range r.Settings.Modes[:2] {
			outcome := results.SurgeOutcome{
				Due: 2000, InTime: uint64(wobbled(430, round, i)), Refused: 20, TimedOut: 7, Unsent: 3,
				InFlight: 950, StepS: 0.05,
				RecoveryS: wobbled(2.05, round, i), Recovered: true,
			}
			if m.Name == "blocking" {
				outcome.InTime, outcome.RecoveryS, outcome.Recovered = uint64(wobbled(210, round, i)), 4, false
			}
			outcome.Late, outcome.GoodputRPS = outcome.Due-outcome.InTime-30, float64(outcome.InTime)
			for step := range 100 {
				if step < 4 || step > 60 && m.Name == "async" {
					outcome.DueInTime = append(outcome.DueInTime, 40)
					outcome.DueOtherwise = append(outcome.DueOtherwise, 0)
				} else {
					outcome.DueInTime = append(outcome.DueInTime, 1)
					outcome.DueOtherwise = append(outcome.DueOtherwise, 39)
				}
			}
			r.Trials = append(r.Trials,
				results.Trial{Workload: w.Name, Mode: m.Name, Round: round + 1, Started: r.Started,
					Rungs: []results.Rung{{
						Load: results.Overload, Engine: "loop", Connections: 4000, ElapsedS: 5,
						Requests: 3990, Errors: 27, ThroughputRPS: 780, OfferedRPS: 2000,
						ErrorKinds:   map[string]uint64{"reset": 20, "timeout": 7},
						LatencyUS:    results.Latency{P50: 400_000, P99: 1_900_000, Max: 2_100_000},
						SurgeOutcome: &outcome,
					}}})
		}
	}
	r.Verdicts = results.Judge(r)
	return r
}

func TestOverloadTable(t *testing.T) {
	got := render(t, "table", overloaded(), report.Options{Width: 110})
	compareGolden(t, "table-overload.golden", got)
}

func TestOverloadInEveryFormat(t *testing.T) {
	for format, want := range map[string]string{
		"csv": ",overload_goodput_rps,overload_recovery_us,", "markdown": "goodput",
		"json":     `"recovery_s"`,
		"benchfmt": "overload-good-req/s", "bmf": "overload-goodput",
		"github-bigger": "goodput in an overload", "github-smaller": "time to recover from an overload",
	} {
		if got := render(t, format, overloaded(), report.Options{}); !strings.Contains(got, want) {
			t.Errorf("%s has no %s", format, want)
		}
	}
	for r, want := range map[*results.Record]bool{overloaded(): true, sample(): false} {
		drawn := slices.ContainsFunc(pageData(t, r).Parts[0].Figures,
			func(f shownFigure) bool { return f.ID == "w1-overload" })
		if drawn != want {
			t.Errorf("an overload is drawn: %v, want %v", drawn, want)
		}
	}
}

// A page of a record that was edited by hand has a few marks on the axis of an overload, and no
// figure of one whose times are no times.
func TestOverloadOfNoTime(t *testing.T) {
	const most = 100 // marks
	for _, test := range []struct {
		forS, thenS float64
		drawn       bool
	}{
		{1, 4, true},
		{0.001, 100, true}, // with a mark for each it would fail before others take all memory
		{1, 0, true},
		{1e-300, 4, true},
		{0, 4, false},
		{-1, 4, false},
		{1, -1, false},
		{1e307, 1e307, true},
		{1.7e308, 1.7e308, false},
		{math.NaN(), 4, false},
		{math.Inf(1), 4, false},
	} {
		r := overloaded()
		r.Settings.Workloads[0].Surge.ForS, r.Settings.Workloads[0].Surge.ThenS = test.forS, test.thenS
		figures := pageData(t, r).Parts[0].Figures
		i := slices.IndexFunc(figures, func(f shownFigure) bool { return f.ID == "w1-overload" })
		if drawn := i >= 0; drawn != test.drawn {
			t.Fatalf("%g s and %g s: drawn %v, want %v", test.forS, test.thenS, drawn, test.drawn)
		}
		if i < 0 {
			continue
		}
		if n := len(figures[i].Plot.X.Ticks); n < 1 || n > most {
			t.Fatalf("%g s and %g s: %d marks, want 1 to %d", test.forS, test.thenS, n, most)
		}
	}
}
