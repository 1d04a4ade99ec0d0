package gate

import "nodecompare/results"

// Metric is a figure that a gate looks at: a row of the table in docs/method.md, section Gate.
type Metric struct {
	Name          string
	Unit          string // as in Change
	LessIsBetter  bool
	Floor, Margin float64 // as in Change. A floor of 0: the figure is shown, and decides nothing
	// The same where there is no yardstick to hold the figure against. They are read only where relative is set.
	AloneFloor, AloneMargin float64

	at       func(results.Workload) results.At
	read     func(results.Workload, results.Trial) (float64, bool)
	relative results.Figure // over the yardstick's; nil for one that the machine's speed has no part in
	least    float64        // a smaller figure counts as this much: the ratio of two nothings means nothing
}

// Metrics are all of them, in the order in which they are shown.
var Metrics = []Metric{
	{
		Name: "CPU per request", Unit: "us", LessIsBetter: true, Floor: 0.05, Margin: 0.10, AloneFloor: 0.25, AloneMargin: 0.40,
		at: baseRung, read: onRung(baseRung, results.CPUPerRequest), relative: results.RelativeCPU,
	},
	{
		Name: "throughput", Unit: "requests/s", Floor: 0.10, Margin: 0.20, // and alone: shown
		at: baseRung, read: onRung(baseRung, results.Throughput), relative: results.RelativeThroughput,
	},
	{
		Name: "share answered", Unit: "1", Floor: 0.01, Margin: 0.01,
		at: topRung, read: shareAnswered, least: 0.001,
	},
	{
		Name: "memory", Unit: "bytes", LessIsBetter: true, Floor: 0.10, Margin: 0.20,
		at: topRung, read: onRung(topRung, results.RSS),
	},
	{
		Name: "threads", Unit: "threads", LessIsBetter: true, Floor: 0.25, Margin: 0.50,
		at: topRung, read: onRung(topRung, results.Threads), least: 16,
	},
	{
		Name: "p99", Unit: "us", LessIsBetter: true,
		at: baseRung, read: onRung(baseRung, results.P99),
	},
}

func baseRung(w results.Workload) results.At { return results.Conns(w.Base) }
func topRung(w results.Workload) results.At  { return results.Conns(w.Top()) }

func onRung(at func(results.Workload) results.At, figure results.Figure) func(results.Workload, results.Trial) (float64, bool) {
	return func(w results.Workload, t results.Trial) (float64, bool) {
		r, ok := t.Rung(at(w))
		if !ok {
			return 0, false
		}
		return figure(r)
	}
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
