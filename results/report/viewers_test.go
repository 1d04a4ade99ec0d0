package report_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"nodecompare/results"
	"nodecompare/results/gate"
	"nodecompare/results/report"
)

// watched is a record of viewers, of whom some saw stalls.
func watched(smooth uint64) *results.Record {
	r := sample()
	for i := range r.Settings.Workloads {
		r.Settings.Workloads[i].Plays = true
	}
	for i := range r.Trials {
		for j := range r.Trials[i].Rungs {
			r.Trials[i].Rungs[j].Viewing = &results.Viewing{SegmentBytes: 1_000_000, SegmentS: 2, Viewers: 200,
				Smooth: smooth, Unstarted: 2, Stalls: 30, StalledS: 50, LongestStallS: 4, WatchedS: 1000}
		}
	}
	r.Verdicts = results.Judge(r)
	return r
}

// A record of viewers speaks of MB and viewers, and has what they saw.
func TestRecordOfViewers(t *testing.T) {
	r := watched(150)
	out := map[string]string{}
	for _, f := range report.Formats {
		var b strings.Builder
		if err := f.Write(&b, r, report.Options{Width: 200}); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		out[f.Name] = b.String()
	}
	var details strings.Builder
	if err := report.Formats[0].Write(&details, r, report.Options{Width: 200, Details: true}); err != nil {
		t.Error(err)
	}
	for text, wants := range map[string][]string{
		out["table"]: {" a MB"}, details.String(): {"µs/MB", " watching", "75% saw no stall", "5% of the time in stalls"},
	} {
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
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
		load, found := strings.CutSuffix(name, "_smooth_percent")
		if !found || value == "" {
			continue
		}
		closed++
		for slug, want := range map[string]string{"smooth_percent": "75", "stalls": "30", "stalled_percent": "5",
			"unstarted": "2"} {
			if got := of[load+"_"+slug]; got != want {
				t.Errorf("%s_%s is %s, and should be %s", load, slug, got, want)
			}
		}
	}
	if closed == 0 {
		t.Errorf("no column of viewers without a stall: %v", rows[0])
	}
}

// A gate sees that fewer viewers have no stall.
func TestGateOfViewers(t *testing.T) {
	const name = "viewers without a stall"
	for smooth, want := range map[uint64]string{200: gate.Pass, 196: gate.Pass, 100: gate.Regressed} {
		g := gate.Compare(watched(200), watched(smooth))
		seen := 0
		for _, c := range g.Changes {
			if c.Metric == name {
				if seen++; c.Outcome != want {
					t.Errorf("%d of 200: %s %+v", smooth, c.Outcome, c)
				}
			}
		}
		if seen == 0 {
			t.Errorf("no change of %s in %+v", name, g)
		}
	}
}
