package report_test

import (
	"strings"
	"testing"

	"nodecompare/results"
	"nodecompare/results/report"
)

// A percentile that the requests of a trial cannot tell is a dash, with a note that says why, and
// no figure in any format.
func TestPercentilesOfFewRequestsAreLeftOut(t *testing.T) {
	r := sample()
	for _, trial := range r.Trials {
		for i := range trial.Rungs {
			if g := &trial.Rungs[i]; trial.Workload == "cpu" && trial.Mode == "async" && g.Load == results.Common {
				g.Requests, g.Errors = 59, 0
			}
		}
	}
	r.Verdicts = results.Judge(r)
	got := strings.Join(strings.Fields(render(t, "table", r, report.Options{Width: 120})), " ")
	for _, want := range []string{"p99 –", "p99 at the common rate of async", "p99 takes 100"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for format, has := range map[string]string{
		"bmf": `"common-rate-p99-us"`, "github-smaller": "cpu / async / p99 at the common rate",
	} {
		before, after := render(t, format, sample(), report.Options{}), render(t, format, r, report.Options{})
		if n, m := strings.Count(before, has), strings.Count(after, has); n == 0 || m != n-1 {
			t.Errorf("%s has %s %d times, and of few requests %d times", format, has, n, m)
		}
	}
}
