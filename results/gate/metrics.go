package gate

import "nodecompare/results"

// Metric is a figure that a gate looks at: a row of the table in docs/method.md, section Gate.
type Metric struct {
	results.Figure
	Floor, Margin float64 // as in Change. A floor of 0: the figure is shown, and decides nothing
	// The same where there is no yardstick to hold the figure against. They are read only where relative is set.
	AloneFloor, AloneMargin float64

	at       results.Place
	across   func(results.Workload, results.Trial) (float64, bool) // a figure of more than one rung
	relative results.Figure                                        // over the yardstick's; none where the machine's speed has no part in it
	least    float64                                               // a smaller figure counts as this much: the ratio of two nothings means nothing
}

// Metrics are all of them, in the order in which they are shown.
var Metrics = []Metric{
	{
		Figure: results.CPUPerRequest, Floor: 0.05, Margin: 0.10, AloneFloor: 0.25, AloneMargin: 0.40,
		at: results.Base, relative: results.RelativeCPU,
	},
	{
		Figure: results.Throughput, Floor: 0.10, Margin: 0.20, // and alone: shown
		at: results.Base, relative: results.RelativeThroughput,
	},
	{
		Figure: results.Figure{Name: "share answered", Unit: "1"}, Floor: 0.01, Margin: 0.01,
		at: results.Top, across: shareAnswered, least: 0.001,
	},
	{Figure: results.Memory, Floor: 0.10, Margin: 0.20, at: results.Top},
	{Figure: results.Threads, Floor: 0.25, Margin: 0.50, at: results.Top, least: 16},
	{Figure: results.P99, at: results.Base},
}

func (m Metric) read(w results.Workload, t results.Trial) (float64, bool) {
	if m.across != nil {
		return m.across(w, t)
	}
	return t.Read(m.at(w), m.Figure)
}

// shareAnswered is of all requests of the closed ladder: an error counts on whichever rung it came.
func shareAnswered(w results.Workload, t results.Trial) (float64, bool) {
	var requests, answered uint64
	for _, s := range w.Ladder {
		if r, ok := t.Rung(results.Conns(s.Connections)); ok {
			requests, answered = requests+r.Requests, answered+r.Answered()
		}
	}
	if requests == 0 {
		return 0, false
	}
	return float64(answered) / float64(requests), true
}
