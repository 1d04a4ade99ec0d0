package results_test

import (
	"slices"
	"testing"

	"nodecompare/results"
)

func TestRulesOfPlayers(t *testing.T) {
	for _, c := range []struct {
		name string
		bad  func(*results.Evidence)
		want string
		rule string
	}{
		{"good", func(*results.Evidence) {}, results.Valid, ""},
		{"a stall is a figure", func(e *results.Evidence) { e.Viewing.Smooth, e.Viewing.Stalls = 10, 900 },
			results.Valid, ""},
		{"one has not begun", func(e *results.Evidence) { e.Viewing.Unstarted = 1 }, results.Valid, ""},
		{"two have not begun", func(e *results.Evidence) { e.Viewing.Unstarted = 2 }, results.Suspect, "viewers"},
		{"none came", func(e *results.Evidence) { e.Requests, e.Answers, e.Recorded = 0, 0, 0 },
			results.Void, "viewers"},
		{"late, but little", func(e *results.Evidence) { e.SendLagUS.P99 = 9_900 }, results.Valid, ""},
		{"late, but slow", func(e *results.Evidence) { e.SendLagUS.P99 = 20_000; scale(e, 5) }, results.Valid, ""},
		{"late", func(e *results.Evidence) { e.SendLagUS.P99 = 20_000 }, results.Suspect, "asked late"},
		{"of requests", func(e *results.Evidence) { e.Conversation, e.SendLagUS.P99 = "", 20_000 }, results.Valid, ""},
	} {
		// each viewer of a hundred had five segments: one of them is in a latency
		e := results.Evidence{Conversation: results.Playback, Requests: 500, Answers: 500, Recorded: 500,
			LatencyUS: results.Latency{Mean: 3000, P50: 2000, P90: 9000, P99: 50_000, P999: 50_000, Max: 60_000},
			Viewing:   &results.Viewing{Viewers: 100, Smooth: 100}}
		c.bad(&e)
		got := results.Weigh(e)
		if got.Status != c.want || c.rule != "" && !slices.Equal(got.Rules, []string{c.rule}) {
			t.Errorf("%s: %+v, want %s by %s", c.name, got, c.want, c.rule)
		}
	}
	v := results.Viewing{Viewers: 200, Smooth: 150}
	if v.Share() != 0.75 || (&results.Viewing{}).Share() != 0 {
		t.Errorf("a share of %v", v.Share())
	}
}
