package results_test

import (
	"fmt"
	"strings"
	"testing"

	"nodecompare/docs"
	"nodecompare/results"
)

// docs/method.md has the rules of trust as they are, and docs/calibration.md the reasons for them.
func TestDocumentedRules(t *testing.T) {
	var rules, reasons []string
	for _, r := range results.Rules {
		name, words := "**"+r.Name+"**", []string{}
		if r.LoadOnly {
			name += " (load)"
		}
		for _, w := range []struct{ word, when string }{{results.Suspect, r.Suspect}, {results.Void, r.Void}} {
			if w.when != "" {
				words = append(words, w.word+" where "+w.when)
			}
		}
		rules = append(rules, docs.Item(name+": "+strings.Join(words, "; ")+".")...)
		reasons = append(reasons, docs.Item(fmt.Sprintf("**%s**: %s.", r.Name, r.Why))...)
	}
	docs.Check(t, "../docs/method.md", "trust", rules)
	docs.Check(t, "../docs/calibration.md", "reasons", reasons)
}

// docs/method.md has the figures of each row that compares modes, in their order, with their
// floors.
func TestDocumentedFloors(t *testing.T) {
	var lines []string
	for _, row := range []struct {
		name    string
		metrics []results.Metric
	}{
		{results.RowPerformance, results.Performance},
		{results.RowScalability, results.Scalability},
		{results.RowIsolation, results.Isolation},
	} {
		var usual, light, optional []string
		for _, m := range row.metrics {
			floor := fmt.Sprintf("%s %.4g%%", m.Name, 100*m.Floor)
			switch {
			case m.Light:
				light = append(light, floor)
			case m.Optional:
				optional = append(optional, floor)
			default:
				usual = append(usual, floor)
			}
		}
		text := fmt.Sprintf("**%s**: %s.", row.name, strings.Join(usual, ", "))
		if light != nil {
			text += " At light load: " + strings.Join(light, ", ") + "."
		}
		if optional != nil {
			text += " Where there was an overload: " + strings.Join(optional, ", ") + "."
		}
		lines = append(lines, docs.Item(text)...)
	}
	docs.Check(t, "../docs/method.md", "floors", lines)
}
