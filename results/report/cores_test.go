package report_test

import (
	"bytes"
	"strings"
	"testing"

	"nodecompare/results"
	"nodecompare/results/report"
)

// inSteps is the sample with more CPUs on its first workload: async makes nearly all of them,
// blocking three quarters.
func inSteps(cores ...int) *results.Record {
	r := sample()
	r.Cores = &results.Cores{Loops: "auto"}
	w := r.Settings.Workloads[0]
	for _, n := range cores {
		r.Cores.Steps = append(r.Cores.Steps, results.CoreStep{Cores: n, CPUs: "0"})
		for round := range 6 {
			for i, m := range r.Settings.Modes {
				lost := 0.02 // of what a further CPU could do, to every other
				if m.Name == "blocking" {
					lost = 0.15
				}
				c := float64(n)
				rung := results.Rung{Load: results.Closed, Engine: "loop", Connections: w.Base, Requests: 5000,
					ThroughputRPS: wobbled(40_000*c/(1+lost*(c-1)), round, i+n),
					Process:       &results.Process{CPUUSPerRequest: wobbled(20, round, i+n)}}
				if n == 2 && round == 0 {
					rung.Trust = &results.Trust{Status: results.Suspect, Rules: []string{results.RuleGeneratorCPU}}
				}
				r.Cores.Trials = append(r.Cores.Trials, results.Trial{Workload: w.Name, Mode: m.Name, Round: round + 1,
					Cores: n, Rungs: []results.Rung{rung}})
			}
		}
	}
	return r
}

func TestCoresInTables(t *testing.T) {
	f := formatNamed(t, report.Formats, "table")
	for width, want := range map[int][]string{
		40:  {"async, CPUs 2: ", "efficiency"},
		80:  {"│ async", "Speed-up", "│ 98% │"},
		120: {"│ blocking", "Efficiency"},
	} {
		for _, details := range []bool{false, true} {
			var b bytes.Buffer
			if err := f.Write(&b, inSteps(1, 2, 4), report.Options{Width: width, Details: details}); err != nil {
				t.Fatal(err)
			}
			text := b.String()
			flat := strings.Join(strings.Fields(text), " ")
			for _, part := range append(want, "More CPUs: hello", "k*", "With 4 CPUs in place of 1, async answered") {
				if !strings.Contains(flat, strings.Join(strings.Fields(part), " ")) {
					t.Errorf("%d columns, details %v: no %q in\n%s", width, details, part, text)
				}
			}
			if strings.Contains(text, "scalability law over") {
				t.Error("a law of three steps")
			}
			for _, l := range strings.Split(text, "\n") {
				if n := len([]rune(l)); n > width {
					t.Errorf("%d columns in %d: %s", n, width, l)
				}
			}
		}
	}
}

func TestCoresOnThePage(t *testing.T) {
	page := string(html(t, inSteps(1, 2, 4, 8, 16)))
	for _, part := range []string{`<details class="part" id="cores">`, "<h2>More CPUs</h2>", "More CPUs: hello on",
		"scalability law over the CPUs", "Left out: cpu"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page has no %s", part)
		}
	}
	if strings.Contains(string(html(t, sample())), "More CPUs") {
		t.Error("the page of a bench without steps has a section for them")
	}
}
