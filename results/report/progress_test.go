package report_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nodecompare/results"
	"nodecompare/results/report"
)

// soFar is the sample after so many rounds.
func soFar(rounds int) *results.Record {
	r := sample()
	r.Trials = slices.DeleteFunc(slices.Clone(r.Trials), func(t results.Trial) bool { return t.Round > rounds })
	r.Verdicts = results.Judge(r)
	return r
}

var measuringCPU = report.BenchStatus{Doing: "Round 3 of 6: async on cpu, warming up", Workload: "cpu",
	Elapsed: 12 * time.Second, Left: 70 * time.Second, Share: 0.15}

// The display says what is done, and what is known so far: a lead is certain only when the rounds
// say so.
func TestBenchInProgress(t *testing.T) {
	for rounds, want := range map[int][]string{
		0: {"Round 3 of 6: async on cpu, warming up", "12 s elapsed, about 1 min 10 s left"},
		2: {"hello", "Performance: CPU", "Scalability: p99", "2/6", "×?",
			"Execution  blocking Blocking, async Non-blocking"},
		6: {"6/6", "ahead", "SUSPECT"},
	} {
		found := report.FoundBy(soFar(rounds))
		text := strings.Join(found.Lines(measuringCPU, 40, report.Options{Width: 120}), "\n")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("after %d rounds the display lacks %q:\n%s", rounds, w, text)
			}
		}
		if certain := strings.Contains(text, "ahead"); certain != (rounds == 6) {
			t.Errorf("after %d rounds: a certain lead: %v:\n%s", rounds, certain, text)
		}
	}
}

// The display fits every terminal. If it is too low, what is measured is shown.
func TestBenchInProgressFits(t *testing.T) {
	for _, rounds := range []int{1, 3, 6} {
		found := report.FoundBy(soFar(rounds))
		for width := 40; width <= 200; width += 7 {
			for rows := 2; rows < 40; rows++ {
				lines := found.Lines(measuringCPU, rows, report.Options{Width: width, Color: width%2 == 0})
				if len(lines) > rows {
					t.Fatalf("%d lines in %d rows:\n%s", len(lines), rows, strings.Join(lines, "\n"))
				}
				for _, l := range lines {
					if n := len([]rune(escape.ReplaceAllString(l, ""))); n > width {
						t.Fatalf("a line has %d columns of %d: %q", n, width, l)
					}
				}
				if rows > 16 && !slices.ContainsFunc(lines, func(l string) bool {
					return strings.HasPrefix(escape.ReplaceAllString(l, ""), "cpu")
				}) {
					t.Fatalf("%d rows of %d columns lack what is measured:\n%s", rows, width, strings.Join(lines, "\n"))
				}
			}
		}
	}
}

// An interval keeps the units of both ends where they differ.
func TestIntervalAcrossUnits(t *testing.T) {
	r := soFar(6)
	for i, trial := range r.Trials {
		for k := range trial.Rungs {
			r.Trials[i].Rungs[k].LatencyUS.P99 = []float64{980, 1010, 1020, 1030, 1040, 1100}[trial.Round-1]
		}
	}
	r.Verdicts = results.Judge(r)
	text := strings.Join(report.FoundBy(r).Lines(measuringCPU, 40, report.Options{Width: 160}), "\n")
	if !strings.Contains(text, "980 µs–1.1 ms") {
		t.Error(text)
	}
}
