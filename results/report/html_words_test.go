package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"nodecompare/results"
)

// Bars say which end is the better one by their figure: who answers more is better.
func TestBarsOfTheAnswered(t *testing.T) {
	r := bench(t, 2, 1, 6)
	w := r.Settings.Workloads[0]
	better := pageData(t, r).Answer[0].Bars[0]
	for _, trial := range r.Trials {
		for i, rung := range trial.Rungs {
			if trial.Mode == r.Settings.Modes[0].Name && rung.Connections == w.Base {
				trial.Rungs[i].Errors = rung.Requests / 20
			}
		}
	}
	r.Verdicts = results.Judge(r)
	worse := pageData(t, r).Answer[0].Bars[0]
	if better.More || better.Title == worse.Title || worse.Title != "answered" || !worse.More {
		t.Errorf("before %+v, with errors %+v", better, worse)
	}
}

// A trial without runs is called by what became of it, and a bench that was interrupted counts the
// rounds that it made.
func TestPageOfWhatDidNotEnd(t *testing.T) {
	r := bench(t, 2, 1, 6)
	r.Partial = true
	r.Trials = slices.DeleteFunc(r.Trials, func(t results.Trial) bool { return t.Round > 2 })
	r.Trials[0].Rungs, r.Trials[0].Lost = nil, "the yardstick: pid 7 was ended by signal 9"
	r.Trials[1].Rungs, r.Trials[1].Interrupted = nil, true
	r.Verdicts = results.Judge(r)
	page := string(html(t, r))
	if strings.Contains(page, "over 6 rounds") || strings.Contains(page, "median of 6 rounds") ||
		!strings.Contains(page, "medians over 2 rounds") {
		t.Error("the page speaks of rounds that were not made")
	}
	became := map[string]bool{}
	for _, table := range pageData(t, r).Parts[0].Tables {
		for _, row := range table.Rows {
			if n := len(row.Cells); n > 0 {
				became[fmt.Sprint(row.Cells[n-1])] = true
			}
		}
	}
	if !became["lost"] || !became["interrupted"] || became["failed"] {
		t.Errorf("trials became %v", became)
	}
}
