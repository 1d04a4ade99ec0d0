package summary

import (
	"fmt"
	"strings"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// Terms in place of those of requests: of subscribers, of members of chat rooms, and of viewers,
// whose segment is a MB.
var (
	eventTerms = strings.NewReplacer("req/s", "events/s", "/request", "/event", "in flight", "subscribed",
		"connections", "subscribers", "a request", "an event", "a connection", "a subscriber", "requests", "streams")
	memberTerms = strings.NewReplacer("req/s", "deliveries/s", "/request", "/delivery", "in flight", "joined",
		"connections", "members", "a request", "a delivery", "a connection", "a member", "requests", "members")
	viewerTerms = strings.NewReplacer("requests per second", "MB per second", "requests in flight", "viewers",
		"req/s", "MB/s", "/request", "/MB", "in flight", "watching",
		"connection", "viewer", "a request", "a MB", "requests", "viewers", "p99", "start-up p99",
		"answered", "no stall")
)

// InTerms returns text about a workload in the terms of what it counts.
func InTerms(w results.Workload, text string) string {
	switch {
	case w.RoomSize > 0:
		return memberTerms.Replace(text)
	case w.Tells:
		return eventTerms.Replace(text)
	case w.Plays:
		return viewerTerms.Replace(text)
	}
	return text
}

// of puts a group into the terms of the workload.
func (g *Group) of(w results.Workload) {
	g.Label = InTerms(w, g.Label)
	for _, line := range g.Lines {
		for i := range line {
			line[i] = InTerms(w, line[i])
		}
	}
}

// heard says how much of what the most connections should have heard they did hear, and how many of
// the viewers saw no stall.
func (s sheet) heard() []Group {
	g := Group{Label: fmt.Sprintf("of %s connections", unit.Count(s.w.Top()))}
	switch {
	case s.w.Tells:
		came := "events"
		if s.w.RoomSize > 0 {
			came = "deliveries"
		}
		g.add(s.line(results.Top(s.w), reading{Figure: results.AnsweredShare,
			write: func(e stat.Estimate) string { return percent(e.Value) + " of the " + came + " came" }}))
	case s.w.Plays:
		g.Label = along(s.rungs)
		g.add(s.loadArrows(results.Smooth, func(v []float64, has []bool) string {
			return unit.Arrows(v, has, unit.Digits) + "% saw no stall"
		}))
		g.add(s.loadArrows(results.Stalled, func(v []float64, has []bool) string {
			return unit.Arrows(v, has, unit.Digits) + "% of the time in stalls"
		}))
	}
	return []Group{g}
}
