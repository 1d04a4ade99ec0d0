package gate

import (
	"math"

	"nodecompare/results"
)

// Metric is a figure that a gate compares: a row of the table in docs/method.md, section Gate.
type Metric struct {
	results.Figure
	Floor, Margin float64 // as in Change; with a floor of 0 the figure is only shown
	// AloneFloor and AloneMargin apply without a yardstick to compare with. They are used only if
	// relative is set.
	AloneFloor, AloneMargin float64

	at       results.Place
	across   reading // set for a figure of more than one rung
	relative reading // the figure over the yardstick's; nil if the machine's speed does not matter
	// milder counts the smaller of the changes with and without the yardstick, which ran on another
	// rung. waits does so where requests wait: that may bound the figure, and no machine is so fast
	// that it shortens a wait.
	milder, waits bool

	least   float64 // smaller figures count as this: a ratio of near-zeros means nothing
	bounded bool    // a load generator at its limit bounds the figure
}

// reading returns a figure of a trial. ok is false if the trial has none.
type reading func(results.Workload, results.Trial) (value float64, ok bool)

// Loads of figures that span several rungs.
var (
	allLoads = results.RungKey{Load: "all loads"}
	belowTop = results.RungKey{Load: "fewer connections"}
)

// Metrics are all metrics of a gate, in the order in which they are shown.
var Metrics = []Metric{
	{
		Figure: results.CPUPerRequest, Floor: 0.05, Margin: 0.10, AloneFloor: 0.25, AloneMargin: 0.40,
		at: results.Base, relative: beside(func(y results.Yardstick) float64 { return y.RelativeCPU }),
	},
	{
		// shown only, without the yardstick
		Figure: results.Throughput, Floor: 0.10, Margin: 0.20, bounded: true, waits: true,
		at: results.Base, relative: beside(func(y results.Yardstick) float64 { return y.RelativeThroughput }),
	},
	slowest(results.Base),
	{
		Figure: results.CPUPerRequest, Floor: 0.25, Margin: 0.50, AloneFloor: 0.40, AloneMargin: 0.80,
		at: results.Top, relative: over(results.Top, results.CPUPerRequest, requestCPU), milder: true,
	},
	{
		Figure: results.Throughput, Floor: 0.50, Margin: 1, bounded: true,
		at: results.Top, relative: over(results.Top, results.Throughput, requestRate), milder: true,
	},
	slowest(results.Top),
	{Figure: results.Memory, Floor: 0.10, Margin: 0.20, at: results.Top},
	{Figure: results.Threads, Floor: 0.25, Margin: 0.50, at: results.Top, least: 16},
	{
		Figure: results.CPUPerRequest, Floor: 1, Margin: 2, AloneFloor: 1, AloneMargin: 2,
		at: fewest, relative: over(fewest, results.CPUPerRequest, requestCPU), milder: true,
	},
	{
		Figure: results.Throughput, Floor: 1, Margin: 2, bounded: true,
		at: fewest, relative: over(fewest, results.Throughput, requestRate), milder: true,
	},
	slowest(fewest),
	{Figure: results.Memory, Floor: 0.25, Margin: 0.50, at: belowTop.Always, across: memoryBelowTop},
	slowest(results.AtCommon.Always),
	smooth(results.Base),
	smooth(results.Top),
	{
		Figure: results.Figure{Name: "share answered", Unit: "1"}, Floor: 0.01, Margin: 0.01,
		at: allLoads.Always, across: shareAnswered, least: 0.001,
	},
}

// slowest is p99 latency on one rung. On a machine that others use it doubles between trials.
func slowest(at results.Place) Metric {
	return Metric{
		Figure: results.P99, Floor: 1, Margin: 2, AloneFloor: 2, AloneMargin: 4,
		at: at, relative: over(at, results.P99, requestTime), milder: true,
	}
}

// smooth is the share of viewers without a stall. A server beyond its limit lets nearly all stall,
// and a percent of them is as good as none.
func smooth(at results.Place) Metric {
	return Metric{Figure: results.Smooth, Floor: 0.05, Margin: 0.10, at: at, least: 1}
}

// fewest is the rung with the fewest connections.
func fewest(w results.Workload) results.RungKey {
	if len(w.Ladder) == 0 {
		return results.ClosedAt(0)
	}
	return results.ClosedAt(w.Ladder[0].Connections)
}

func (m Metric) read(w results.Workload, t results.Trial) (float64, bool) {
	if m.across != nil {
		return m.across(w, t)
	}
	return t.Read(m.at(w), m.Figure)
}

// beside reads the yardstick that ran beside the base rung.
func beside(of func(results.Yardstick) float64) reading {
	return func(w results.Workload, t results.Trial) (float64, bool) {
		r, ok := t.Rung(results.Base(w))
		if !ok || r.Yardstick == nil {
			return 0, false
		}
		return of(*r.Yardstick), of(*r.Yardstick) != 0
	}
}

// over reads a figure of another rung over the yardstick's, which ran on the base rung some seconds
// earlier.
func over(at results.Place, f results.Figure, one func(results.Yardstick) float64) reading {
	yardstick := beside(one)
	return func(w results.Workload, t results.Trial) (float64, bool) {
		v, ok := t.Read(at(w), f)
		y, known := yardstick(w, t)
		return v / y, ok && known && y > 0
	}
}

func requestCPU(y results.Yardstick) float64  { return y.CPUUS }
func requestRate(y results.Yardstick) float64 { return y.ThroughputRPS }
func requestTime(y results.Yardstick) float64 {
	if y.ThroughputRPS <= 0 {
		return 0
	}
	return 1e6 / y.ThroughputRPS
}

// shareAnswered returns the smallest share of answered requests of any load, closed or open: an
// error counts on its own load, however few requests that has. An overload is left out, since no
// server answers all of it. A failed trial answered none.
func shareAnswered(_ results.Workload, t results.Trial) (share float64, ok bool) {
	if t.Failure != "" {
		return 0, true
	}
	if t.Lost != "" {
		return 0, false
	}
	share = 1
	for _, r := range t.Rungs {
		if r.Load != results.Overload && r.Requests > 0 && !void(r) {
			share, ok = min(share, float64(r.Answered())/float64(r.Requests)), true
		}
	}
	return share, ok
}

// memoryBelowTop returns the geometric mean over the rungs below the top.
func memoryBelowTop(w results.Workload, t results.Trial) (float64, bool) {
	sum, rungs := 0.0, 0
	for _, connections := range w.Connections() {
		if connections >= w.Top() {
			continue
		}
		v, ok := t.Read(results.ClosedAt(connections), results.Memory)
		if !ok || v <= 0 {
			return v, false
		}
		sum, rungs = sum+math.Log(v), rungs+1
	}
	return math.Exp(sum / float64(max(1, rungs))), rungs > 0
}

func void(r results.Rung) bool { return r.Trust != nil && r.Trust.Status == results.Void }
