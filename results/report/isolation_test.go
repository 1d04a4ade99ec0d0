package report_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"nodecompare/results"
	"nodecompare/results/report"
	tell "nodecompare/results/report/summary"
)

// blasted is a bench of one workload with poison: an event loop that waits for it, and threads that
// do not.
func blasted() *results.Record {
	r := sample()
	r.Rates, r.Trials = nil, nil
	r.Settings.Workloads = []results.Workload{{
		Name:    "blast-cpu",
		Summary: "hello, while two requests a second compute for 200 ms: who waits for them?",
		Method:  "GET", Target: "/", Base: 64,
		Ladder: []results.Step{{Connections: 64, DurationS: 0.2}},
		Poison: &results.Poison{Target: "/cpu?ms=200", RateRPS: 2},
	}}
	for round := range 6 {
		for i, m := range r.Settings.Modes {
			open := func(load string, p50, p99 float64, errors uint64) results.Rung {
				return results.Rung{
					Load: load, Engine: "vegeta", Connections: 512, ElapsedS: 1.5, Requests: 300,
					Errors: errors, ThroughputRPS: 200, OfferedRPS: 200,
					LatencyUS: results.Latency{P50: wobbled(p50, round, i), P99: wobbled(p99, round, 3*i),
						Max: wobbled(1.1*p99, round, 2)},
					Trust: &results.Trust{Status: results.Valid, Reasons: []string{}},
				}
			}
			alone, amid := open(results.Alone, 210, 900, 0), open(results.Amid, 230, 4100, 0)
			if m.Name == "async" {
				amid = open(results.Amid, 14_000, 196_000, 1)
			}
			amid.Poison = &results.PoisonOutcome{Requests: 3, InFlight: 1}
			r.Trials = append(r.Trials,
				results.Trial{Workload: "blast-cpu", Mode: m.Name, Round: round + 1, Started: r.Started,
					Rungs: []results.Rung{alone, amid}})
		}
	}
	r.Verdicts = results.Judge(r)
	return r
}

func TestIsolationTable(t *testing.T) {
	got := render(t, "table", blasted(), report.Options{Width: 80})
	compareGolden(t, "table-isolation.golden", got)
}

// Every format has the two open loads, or at least the row.
func TestIsolationInEveryFormat(t *testing.T) {
	for format, want := range map[string]string{
		"csv": ",amid_p99_us,", "html": "Isolation", "markdown": "Isolation", "json": `"amid poison"`,
	} {
		if got := render(t, format, blasted(), report.Options{}); !strings.Contains(got, want) {
			t.Errorf("%s has no %s", format, want)
		}
	}
	for _, f := range report.Formats {
		if got := unpacked(render(t, f.Name, blasted(), report.Options{})); strings.Contains(got, "NaN") {
			t.Errorf("%s:\n%s", f.Name, got)
		}
	}
}

// Of one mode alone the figure is that beside the poison too, and not of a load without it.
func TestIsolationOfOneMode(t *testing.T) {
	r := blasted()
	r.Settings.Modes = r.Settings.Modes[1:]
	r.Trials = slices.DeleteFunc(r.Trials, func(t results.Trial) bool { return t.Mode != "async" })
	for i := range r.Trials {
		r.Trials[i].Rungs = append(r.Trials[i].Rungs, results.Rung{Load: results.Closed, Engine: "loop",
			Connections: 64, ElapsedS: 1, Requests: 10_000, ThroughputRPS: 10_000,
			LatencyUS: results.Latency{P50: 400, P99: 2000}})
	}
	r.Verdicts = results.Judge(r)
	for _, row := range tell.AnswerOf(r).Rows {
		if row.Name != results.RowIsolation {
			continue
		}
		if l := row.Lines[0]; math.Abs(l.Cells[0].Value/196e3-1) > 0.1 {
			t.Errorf("%s %s: %+v", l.Figure, l.Load, l.Cells[0])
		}
		return
	}
	t.Error("no row of isolation")
}
