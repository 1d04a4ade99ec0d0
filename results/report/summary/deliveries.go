package summary

import (
	"fmt"
	"strings"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// The terms of subscribers, and of members of chat rooms, in place of those of requests.
var (
	eventTerms = strings.NewReplacer("req/s", "events/s", "/request", "/event", "in flight", "subscribed",
		"connections", "subscribers", "a request", "an event", "a connection", "a subscriber", "requests", "streams")
	memberTerms = strings.NewReplacer("req/s", "deliveries/s", "/request", "/delivery", "in flight", "joined",
		"connections", "members", "a request", "a delivery", "a connection", "a member", "requests", "members")
)

// terms returns text about a workload in the terms of what it counts.
func terms(w results.Workload, text string) string {
	switch {
	case w.RoomSize > 0:
		return memberTerms.Replace(text)
	case w.Tells:
		return eventTerms.Replace(text)
	}
	return text
}

// of puts a group into the terms of the workload.
func (g *Group) of(w results.Workload) {
	g.Label = terms(w, g.Label)
	for _, line := range g.Lines {
		for i := range line {
			line[i] = terms(w, line[i])
		}
	}
}

// heard says how much of what the most connections should have heard they did hear.
func (s sheet) heard() []Group {
	if !s.w.Tells {
		return nil
	}
	came := "events"
	if s.w.RoomSize > 0 {
		came = "deliveries"
	}
	g := Group{Label: fmt.Sprintf("of %s connections", unit.Count(s.w.Top()))}
	g.add(s.line(results.Top(s.w), reading{Figure: results.AnsweredShare,
		write: func(e stat.Estimate) string { return percent(e.Value) + " of the " + came + " came" }}))
	return []Group{g}
}
