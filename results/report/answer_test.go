package report_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"nodecompare/results"
	"nodecompare/results/report"
	tell "nodecompare/results/report/summary"
	"nodecompare/thorough"
)

// many is a bench of so many modes on so many workloads, judged by the rules: its figures are the
// sample's, drawn apart.
func many(seed uint64, modes, workloads int) *results.Record {
	draw := rand.New(rand.NewPCG(seed, 0))
	r := sample()
	measured, planned := r.Trials, r.Settings.Workloads[0]
	r.Settings.Modes, r.Settings.Workloads, r.Trials, r.Verdicts = nil, nil, nil, nil
	for m := range modes {
		name, like := fmt.Sprintf("mode-%d", m), []string{"blocking", "async"}[min(m/max(modes/3, 1), 1)]
		if m == 5 {
			name = "node" // all six modes have it among them
		}
		r.Settings.Modes = append(r.Settings.Modes, results.Mode{Name: name})
		for w := range workloads {
			// of all rounds, and of one
			factor, spread := math.Exp(3.2*draw.Float64()-1.6), []float64{0.02, 0.1, 0.6}[draw.IntN(3)]
			for i, trial := range measured {
				if trial.Mode != like || trial.Workload != planned.Name {
					continue
				}
				noise := 1 + spread*(draw.Float64()-0.5)
				trial.Mode, trial.Workload = name, fmt.Sprintf("work-%d", w)
				trial.Rungs = append([]results.Rung{}, trial.Rungs...)
				for j := range trial.Rungs {
					g := &trial.Rungs[j]
					g.LatencyUS.P99 *= factor * noise
					g.ThroughputRPS /= factor * noise
					if g.Process != nil {
						p := *g.Process
						p.CPUUSPerRequest *= factor * noise
						g.Process = &p
					}
					if g.Yardstick != nil {
						y := *g.Yardstick
						y.RelativeCPU *= factor * noise
						g.Yardstick = &y
					}
				}
				if draw.IntN(20) == 0 {
					trial.Failure = strings.Repeat("it went wrong in a way that takes long to tell; ", i%5+1)
				}
				r.Trials = append(r.Trials, trial)
			}
		}
	}
	for w := range workloads {
		next := planned
		next.Name = fmt.Sprintf("work-%d", w)
		r.Settings.Workloads = append(r.Settings.Workloads, next)
	}
	for range draw.IntN(5) {
		r.Settings.Missing = append(r.Settings.Missing,
			results.Missing{Mode: "mine",
				Reason: strings.Repeat("server mine was not there when it was asked for its port; ", 4)})
	}
	r.Partial = draw.IntN(2) == 0
	r.Verdicts = results.Judge(r)
	return r
}

// What is undecided because two figures contradict each other names both.
func TestAnswerNamesWhatContradicts(t *testing.T) {
	cpu := compared("CPU per request", results.ClosedAt(64), 2, 1.8, 2.2, 0.05)
	for _, c := range []struct {
		rests results.Comparison
		want  string
	}{
		{rests(won(cpu, "async", false)), "undecided: blocking used 2 times (1.8–2.2) the CPU of async on hello, but " +
			"blocking answered 1.3 times as many requests"},
		{rests(compared("CPU per request", results.ClosedAt(64), 1, 0.98, 1.02, 0.05)), "undecided: CPU per request " +
			"differs by less than 5% on hello, but blocking answered 1.3 times as many requests"},
	} {
		r := sample()
		r.Verdicts = r.Verdicts[:1]
		f := &r.Verdicts[0].Findings[1]
		f.Words = words(results.CannotTell, results.CannotTell)
		f.Comparisons = []results.Comparison{
			won(compared("throughput", results.ClosedAt(64), 1.3, 1.2, 1.4, 0.05), "blocking", false), c.rests}
		claims := tell.AnswerOf(r).Claims
		i := slices.IndexFunc(claims, func(c tell.Claim) bool { return c.Row == results.RowPerformance })
		if got := claims[i].Text; got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// Whatever comes out, the answer of two modes on two workloads stays within 35 lines of 80 columns,
// and that of six on seven within 60. No line is wider than the terminal, and colours change
// nothing but colours.
func TestAnswerStaysInView(t *testing.T) {
	thorough.Only(t)
	more := []string{
		"More: nodecompare report --details | report --open | explain p99 | watch",
		"Node.js is on this machine: nodecompare bench --modes=blocking,async,node",
	}
	for _, size := range []struct {
		modes, workloads, lines, more int
		seeds                         uint64
	}{{2, 2, 35, 2, 40}, {6, 7, 60, 1, 6}} {
		for seed := range size.seeds {
			r := many(seed, size.modes, size.workloads)
			if n := strings.Count(render(t, "answer", r, report.Options{Width: 80, More: more[:size.more]}),
				"\n"); n > size.lines {
				t.Fatalf("%d lines, want at most %d:\n%s", n, size.lines,
					render(t, "answer", r, report.Options{Width: 80, More: more}))
			}
			width := 40 + int(seed*37%161)
			plain := render(t, "answer", r, report.Options{Width: width, More: more})
			for line := range strings.Lines(plain) {
				line = strings.TrimSuffix(line, "\n")
				if n := twwidth.WidthWithOptions(line, twwidth.Options{}); n > width {
					t.Fatalf("a line of %d columns in a terminal of %d:\n%s", n, width, line)
				}
				if strings.Contains(line, "NaN") || strings.Contains(line, "Inf") ||
					strings.Contains(line, "e+") || strings.Contains(line, "%!") {
					t.Fatalf("no figure for people: %s", line)
				}
			}
			if colored := render(t, "answer", r,
				report.Options{Width: width, Color: true, More: more}); escape.ReplaceAllString(colored, "") != plain {
				t.Fatalf("without its colours it is another page:\n%s", colored)
			}
		}
	}
}

// What nobody should quote is said in the first line and in the last, and its words have no colour.
func TestUnfitIsSaidFirstAndLast(t *testing.T) {
	r := sample()
	r.Selftest.Verdict = results.SelftestNoisy
	lines := strings.Split(strings.TrimSpace(render(t, "answer", r, report.Options{Width: 100})), "\n")
	if first, last := lines[0], lines[len(lines)-1]; first != last || !strings.HasPrefix(first, "! ") ||
		!strings.Contains(first, "Do not quote these figures.") {
		t.Errorf("first %q, last %q", first, last)
	}
	colored := render(t, "answer", r, report.Options{Width: 100, Color: true})
	for _, word := range []string{results.High, results.Moderate} {
		if strings.Contains(colored, "m"+word) {
			t.Errorf("%s has a colour:\n%s", word, colored)
		}
	}
}
