package hosts

import (
	"nodecompare/cluster"
	"nodecompare/results"
)

// Tally is what a measurement knows of each of its hosts, in the order in which they were first
// seen: the serving one first.
type Tally []results.BenchHost

// Add takes in one run.
func (t *Tally) Add(serving *cluster.Agent, j *Joint) {
	for _, h := range append([]results.LoadHost{Serving(serving, j.Watched)}, j.Hosts...) {
		t.add(h)
	}
}

func (t *Tally) add(h results.LoadHost) {
	i := 0
	for i < len(*t) && (*t)[i].Name != h.Name {
		i++
	}
	if i == len(*t) {
		*t = append(*t, results.BenchHost{Name: h.Name, Role: h.Role, Host: h.Host, ToolVersion: h.ToolVersion})
	}
	of := &(*t)[i]
	of.Runs++
	if h.ClockUncertaintyUS >= of.ClockUncertaintyUS {
		of.ClockOffsetUS, of.ClockUncertaintyUS, of.RoundTripUS = h.ClockOffsetUS, h.ClockUncertaintyUS, h.RoundTripUS
	}
	if h.AtLimit {
		of.AtLimit++
	}
	of.Busy, of.InBPS, of.OutBPS = max(of.Busy, h.Busy), max(of.InBPS, h.InBPS), max(of.OutBPS, h.OutBPS)
}
