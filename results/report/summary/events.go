package summary

import (
	"fmt"
	"strings"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// eventTerms are the terms of subscribers in place of those of requests.
var eventTerms = strings.NewReplacer("req/s", "events/s", "/request", "/event", "in flight", "subscribed",
	"connections", "subscribers", "a request", "an event", "a connection", "a subscriber", "requests", "streams")

// terms returns text about a workload in the terms of what it counts.
func terms(w results.Workload, text string) string {
	if w.Tells {
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

// heard says how much of what the most subscribers should have heard they did hear.
func (s sheet) heard() []Group {
	if !s.w.Tells {
		return nil
	}
	g := Group{Label: fmt.Sprintf("of %s connections", unit.Count(s.w.Top()))}
	g.add(s.line(results.Top(s.w), reading{Figure: results.AnsweredShare,
		write: func(e stat.Estimate) string { return percent(e.Value) + " of the events came" }}))
	return []Group{g}
}
