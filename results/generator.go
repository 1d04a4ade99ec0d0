package results

import (
	"fmt"
	"time"
)

// Generator is what the load cost: its CPU time over the run. Cores are those that it can use at
// once: the cores that it is pinned to, but at most one for each busy thread. Waited is how long
// one busy thread was runnable without a CPU, and EachWait the mean of a single wait.
type Generator struct {
	CPU              time.Duration
	Cores            int
	Waited, EachWait time.Duration

	// Threads are those of an engine that shares the load out among several; nil for one. Each may
	// be at its limit while the others are not.
	Threads []GeneratorThread
}

// GeneratorThread is what one of the load's threads spent in the run: CPU, Waited and EachWait are
// as those of Generator.
type GeneratorThread struct{ CPU, Waited, EachWait time.Duration }

// generatorCPU tells where the load was at its own limit, as a whole or in one thread.
func generatorCPU(e Evidence) (status, reason string) {
	const rest = "%s: throughput and latency are the generator's limit, not the server's; " +
		"the server's CPU per request is sound"
	g := e.Generator
	for i, t := range g.Threads {
		// the busiest alone is named
		if share := ratio(t.CPU, e.Elapsed); share > generatorShare && t.CPU == g.busiest() {
			return Suspect, fmt.Sprintf(rest, fmt.Sprintf(
				"thread %d of the load generator's %d used %.1f%% of a core", i+1, len(g.Threads), percent*share))
		}
	}
	share := ratio(g.CPU, time.Duration(g.Cores)*e.Elapsed)
	return when(share > generatorShare, Suspect), fmt.Sprintf(rest, fmt.Sprintf(
		"the load generator used %.1f%% of its %s", percent*share, count(g.Cores, "core")))
}

// generatorWaited tells where the load had to wait for a CPU. The thread that waited most is named.
func generatorWaited(e Evidence) (status, reason string) {
	g := e.Generator
	who, t := "the load generator", GeneratorThread{Waited: g.Waited, EachWait: g.EachWait}
	for i, other := range g.Threads {
		if other.waitedLong(e) && (!t.waitedLong(e) || other.Waited > t.Waited) {
			who, t = fmt.Sprintf("thread %d of the load generator's %d", i+1, len(g.Threads)), other
		}
	}
	return when(t.waitedLong(e), Suspect), fmt.Sprintf(
		"%s waited for a CPU for %.1f%% of the run, %s each time on average, "+
			"against a p50 latency of %s: part of the latency is that wait; stop what else runs on "+
			"its CPUs, or give it some of its own",
		who, percent*ratio(t.Waited, e.Elapsed), micros(t.eachUS()), micros(e.LatencyUS.P50))
}

// busiest is the CPU time of the thread that used most.
func (g Generator) busiest() (most time.Duration) {
	for _, t := range g.Threads {
		most = max(most, t.CPU)
	}
	return most
}

// waitedLong says that a thread waited for a CPU so long that latency shows it.
func (t GeneratorThread) waitedLong(e Evidence) bool {
	share := ratio(t.Waited, e.Elapsed)
	long := func(us float64) bool { return e.LatencyUS.P50 > 0 && us > waitedOfLatency*e.LatencyUS.P50 }
	return share > waitedShare && long(t.eachUS()) || share > waitedMuch && long(float64(slice.Microseconds()))
}

func (t GeneratorThread) eachUS() float64 { return float64(t.EachWait.Nanoseconds()) / 1e3 }
