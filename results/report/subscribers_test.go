package report_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"nodecompare/results"
	"nodecompare/results/report"
)

// A record of subscribers speaks of events and subscribers, and has what they missed.
func TestRecordOfSubscribers(t *testing.T) {
	r := sample()
	for i := range r.Settings.Workloads {
		r.Settings.Workloads[i].Tells = true
	}
	for i := range r.Trials {
		for j := range r.Trials[i].Rungs {
			r.Trials[i].Rungs[j].Deliveries = &results.Deliveries{Numbered: true, Missed: 3, Overdue: 1, Silent: 2}
		}
	}
	r.Verdicts = results.Judge(r)
	out := map[string]string{}
	for _, f := range report.Formats {
		var b strings.Builder
		if err := f.Write(&b, r, report.Options{Width: 200}); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		out[f.Name] = b.String()
	}
	if s := out["table"]; !strings.Contains(s, " an event") || !strings.Contains(s, " streams") {
		t.Errorf("the table is\n%s", s)
	}
	rows, err := csv.NewReader(strings.NewReader(out["csv"])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]string{}
	for i, name := range rows[0] {
		of[name] = rows[1][i]
	}
	closed := 0
	for name, value := range of {
		if strings.HasPrefix(name, "closed_") && strings.HasSuffix(name, "_missed") && value != "" {
			if closed++; value != "4" || of[strings.TrimSuffix(name, "missed")+"silent"] != "2" {
				t.Errorf("%s is %s", name, value)
			}
		}
	}
	if closed == 0 {
		t.Errorf("no column of what was missed: %v", rows[0])
	}
}
