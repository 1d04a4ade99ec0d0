package report_test

import (
	"fmt"
	"strings"
	"testing"

	"nodecompare/results/gate"
	"nodecompare/results/report"
)

// A CI job's summary begins with the outcome and folds the rest away: at most 15 lines are seen,
// however much was measured or went wrong.
func TestStepSummaryIsShort(t *testing.T) {
	all := map[string]string{}
	for name, g := range map[string]gate.Result{"pass": passed(), "regressed": regressed(),
		"inconclusive": inconclusive(), "invalid": invalid(), "lost": lost(), "all regressed": allRegressed()} {
		all["gate, "+name] = renderGate(t, "markdown", g, report.Options{})
	}
	for seed := range uint64(2) {
		r := many(seed, 6, 7)
		all[fmt.Sprintf("bench %d", seed)] = render(t, "markdown", r, report.Options{})
	}
	for name, text := range all {
		seen, folded, found := strings.Cut(text, "<details>")
		if n := strings.Count(seen, "\n"); n > 15 || !found {
			t.Errorf("%s: %d lines are seen:\n%s", name, n, seen)
		}
		if !strings.HasSuffix(folded, "\n</details>\n") {
			t.Errorf("%s: the fold does not end", name)
		}
	}
	if text := all["gate, regressed"]; !strings.HasPrefix(text, "## nodecompare: regressed\n\n**REGRESSED:** ") {
		t.Errorf("the outcome is not first:\n%s", text)
	}
}

func allRegressed() gate.Result {
	g := regressed()
	for i := range g.Changes {
		g.Changes[i].Outcome = gate.Regressed
	}
	return g
}
