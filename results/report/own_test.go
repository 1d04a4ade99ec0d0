package report_test

import (
	"strings"
	"testing"

	"nodecompare/results/report"
)

// A load that is called a share of what a mode can do is that share of the same table's throughput,
// give or take a tenth of it all, or the table says what part it was. Here it was 60%, since the
// pilot had a better moment than the rounds.
func TestOwnShareIsSaid(t *testing.T) {
	for share, said := range map[float64]bool{0.6: false, 0.55: false, 0.45: true, 0.3: true} {
		r := sample()
		r.Settings.Share = share
		got := render(t, "table", r, report.Options{Width: 100})
		if strings.Contains(got, "60% of its most ") != said {
			t.Errorf("asked for %v: said %v\n%s", share, !said, got)
		}
	}
}
