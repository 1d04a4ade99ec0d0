package report_test

import (
	"strings"
	"testing"

	"nodecompare/results"
	"nodecompare/results/report"
)

// What a server does not serve is not in that workload's table, and is named below all of them; so
// is a server that was not fresh.
func TestServersThatDoNotServeAll(t *testing.T) {
	r := three()
	r.Verdicts = nil
	name, w := r.Settings.Modes[2].Name, r.Settings.Workloads[0].Name
	r.Settings.Modes[2].Server = "http://127.0.0.1:8080"
	r.Settings.Missing = []results.Missing{{Mode: name, Workload: w, Reason: "server " + name + " does not serve " + w}}
	for i := range r.Trials {
		r.Trials[i].Standing = r.Trials[i].Mode == name
	}
	r.Verdicts = results.Judge(r)
	for _, format := range []string{"table", "markdown"} {
		text := render(t, format, r, report.Options{Width: 200})
		_, first, _ := strings.Cut(text, w+": ")
		table, _, _ := strings.Cut(first, "How to read it")
		table, _, _ = strings.Cut(table, "LEFT OUT")
		if len(r.Settings.Workloads) == 1 && strings.Contains(table, name) {
			t.Errorf("%s: %s is in a table that it takes no part in:\n%s", format, name, table)
		}
		for _, want := range []string{"does not serve " + w, "NOT FRESH", "http://127.0.0.1:8080"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in:\n%s", format, want, text)
			}
		}
	}
	if page := string(html(t, r)); !strings.Contains(page, "does not serve "+w) {
		t.Error("the page does not name it")
	}
}
