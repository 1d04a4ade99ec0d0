package report_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"nodecompare/results"
	"nodecompare/results/report"
)

// The medians are those that tables show, and a file's own are not believed.
func TestMediansAreOfTheTrials(t *testing.T) {
	r := sample()
	text := render(t, "json", r, report.Options{})
	var file struct {
		Medians map[string]map[string]map[string]float64
	}
	if err := json.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	w := r.Settings.Workloads[0]
	for _, m := range r.Settings.Modes {
		var rates []float64
		for _, trial := range r.Trials {
			if trial.Workload == w.Name && trial.Mode == m.Name {
				for _, rung := range trial.Rungs {
					if rung.Load == results.Closed && rung.Connections == 64 && trial.Failure == "" {
						rates = append(rates, rung.ThroughputRPS)
					}
				}
			}
		}
		slices.Sort(rates)
		want := (rates[(len(rates)-1)/2] + rates[len(rates)/2]) / 2
		figures := file.Medians[w.Name][m.Name]
		if got := figures["closed_64_throughput_rps"]; len(rates) < 2 || got < 0.99999*want ||
			got > 1.00001*want || figures["common_p99_us"] <= 0 {
			t.Errorf("%s of %v: got %v", m.Name, rates, figures)
		}
	}
	first := r.Settings.Modes[0].Name
	if r.Medians != nil {
		t.Error("writing changed the record")
	}
	head, tail, _ := strings.Cut(text, `"medians": {`)
	forged := strings.Replace(tail, `"`+first+`": {`, `"`+first+`": { "forged": 7,`, 1)
	if forged == tail {
		t.Fatal("nothing was forged")
	}
	got, err := results.Decode(strings.NewReader(head + `"medians": {` + forged))
	if err != nil {
		t.Fatal(err)
	}
	if again := render(t, "json", got, report.Options{}); again != text {
		t.Errorf("a record that was read is written otherwise:\n%s", again)
	}
}
