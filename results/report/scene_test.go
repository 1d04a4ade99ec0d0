package report_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"nodecompare/results/report"
	"nodecompare/results/scene"
)

// Everyone can read the lanes: at each width, and without colour.
func TestSceneFits(t *testing.T) {
	of := sampleScene("async", "node")
	for _, width := range []int{40, 80, 120} {
		for _, color := range []bool{false, true} {
			text := written(t, "terminal", of, report.Options{Width: width, Color: color})
			plain := escape.ReplaceAllString(text, "")
			for line := range strings.Lines(plain) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
					t.Errorf("%d columns: %q has %d", width, line, n)
				}
			}
			for _, want := range []string{"the loop", "runs on a thread", "1 thread served the request.",
				"Why? So it is.", "And twice as many? Twice as long."} {
				if !strings.Contains(strings.Join(strings.Fields(plain), " "), want) {
					t.Errorf("%d columns: no %q in\n%s", width, want, plain)
				}
			}
		}
	}
	written(t, "terminal", &scene.Trace{}, report.Options{})
}
