package results

import (
	"slices"

	"nodecompare/results/stat"
)

// Metric is a figure by which modes are compared, with the place in the trial and the floor.
type Metric struct {
	Figure           // name and direction; read at one place unless across is set
	Floor    float64 // smallest difference that matters, e.g. 0.05
	Optional bool    // few benches measure it, so its absence is no gap
	Light    bool    // measured at light load

	at       Place
	across   reading // set for a figure of more than one rung
	relative reading // the figure over the yardstick's; nil if there is none
	// also, if set, is a figure of which more is better. A lead counts only as far as the mode
	// leads in it too.
	also Figure
}

// reading returns a figure of a trial. ok is false if the trial has none.
type reading func(*Settings, Workload, Trial) (value float64, ok bool)

// Performance, Scalability and Isolation are the metrics of the rows that compare modes. The first
// metric of each is the share of answered requests. rank.go says which of the others the words rest
// on, and the rest can only veto. docs/calibration.md gives the reason for each floor.
var (
	Performance = []Metric{
		{Figure: AnsweredShare, Floor: 0.01, at: Base},
		// Throughput is what clients get. On few cores the generator may bound throughput, equally
		// for all modes.
		{Figure: Throughput, Floor: 0.05, at: Base, relative: beside(Base, RelativeThroughput)},
		// CPU per request is stable on a noisy machine, and bounds the throughput of a fully used
		// one.
		{Figure: CPUPerRequest, Floor: 0.05, at: Base, relative: beside(Base, RelativeCPU)},
		// At a saturated load a server finds its batches full. The common rate shows the cost and
		// latency of a server that must be woken for a request. The yardstick's slices are then a
		// second away.
		{Figure: AnsweredShare, Floor: 0.01, at: AtCommon.Always, Light: true},
		{Figure: CPUPerRequest, Floor: 0.25, at: AtCommon.Always, Light: true,
			relative: overYardstick(AtCommon, CPUPerRequest)},
		{Figure: P50, Floor: 0.25, at: AtCommon.Always, Light: true, relative: overYardstick(AtCommon, P50)},
		{Figure: P99, Floor: 1, at: AtCommon.Always, Light: true},
	}
	Scalability = []Metric{
		{Figure: AnsweredShare, Floor: 0.01, at: Top},
		// If the generator is the limit, the faster server seems to lose more at higher load. So a
		// mode that keeps more throughput must also be ahead at the top rung.
		{Figure: Throughput.as("throughput kept"), Floor: 0.25, at: Top, across: kept, also: Throughput},
		{Figure: P99, Floor: 1, at: Top},
		// In an overload: how many of the due requests were answered in time, how long the server
		// took to recover, and how many it answered at all.
		{Figure: InTimeShare, Floor: 0.25, at: AtOverload.Always, Optional: true},
		{Figure: Recovery, Floor: 0.25, at: AtOverload.Always, Optional: true},
		{Figure: AnsweredOfDue, Floor: 0.05, at: AtOverload.Always, Optional: true},
		{Figure: Memory.as(memoryPerConnection), Floor: 0.25, at: Top, across: perConnection(Memory, 1<<10, 1<<20)},
		{Figure: Threads.as("threads per connection"), Floor: 0.25, at: Top, across: perConnection(Threads, 0.01, 4)},
		{Figure: Figure{Name: "connections held"}, Floor: 0.05, at: Top, across: heldOrHalf},
	}
	// Isolation asks whether the victim requests are answered next to the poison, and how long the
	// slowest take.
	Isolation = []Metric{
		{Figure: AnsweredShare, Floor: 0.01, at: AtAmid.Always},
		{Figure: P99, Floor: 1, at: AtAmid.Always},
	}
)

const memoryPerConnection = "memory per connection"

// as returns a figure with another name and the same direction, for a value derived across a trial.
func (f Figure) as(name string) Figure { return Figure{Name: name, LessIsBetter: f.LessIsBetter} }

func (m Metric) read(s *Settings, w Workload, t Trial) (float64, bool) {
	if m.across != nil {
		return m.across(s, w, t)
	}
	return t.Read(m.at(w), m.Figure)
}

// beside returns a reading of the figure at one place.
func beside(at Place, f Figure) reading {
	return func(_ *Settings, w Workload, t Trial) (float64, bool) { return t.Read(at(w), f) }
}

// overYardstick returns a reading of CPU per request on one rung over the yardstick's, which ran
// beside the base rung.
func overYardstick(at RungKey, f Figure) reading {
	return func(_ *Settings, w Workload, t Trial) (float64, bool) {
		v, ok := t.Read(at, f)
		base, known := t.Rung(Base(w))
		if !ok || !known || base.Yardstick == nil || base.Yardstick.CPUUS <= 0 {
			return 0, false
		}
		return v / base.Yardstick.CPUUS, true
	}
}

// kept returns the throughput at the top rung over the throughput at the base.
func kept(_ *Settings, w Workload, t Trial) (float64, bool) {
	atTop, okTop := t.Read(Top(w), Throughput)
	atBase, okBase := t.Read(Base(w), Throughput)
	if !okTop || !okBase || w.Top() == w.Base || atBase <= 0 {
		return 0, false
	}
	return atTop / atBase, true
}

// perConnection returns a reading of what each connection between base and top adds to a figure.
// Growth below least, or below whole in all, counts as that much, since a runtime takes and returns
// such amounts at any time and a ratio of two near-zeros means nothing.
func perConnection(f Figure, least, whole float64) reading {
	return func(_ *Settings, w Workload, t Trial) (float64, bool) {
		atTop, okTop := t.Read(Top(w), f)
		atBase, okBase := t.Read(Base(w), f)
		connections := float64(w.Top() - w.Base)
		if !okTop || !okBase || connections <= 0 {
			return 0, false
		}
		return max(least, whole/connections, (atTop-atBase)/connections), true
	}
}

// Across returns the median over a mode's trials of a metric with across set, such as memory per
// connection.
func (r *Record) Across(w Workload, mode, metric string) (e stat.Estimate, ok bool) {
	i := slices.IndexFunc(Scalability, func(m Metric) bool { return m.Name == metric && m.across != nil })
	if i < 0 {
		return e, false
	}
	var values []float64
	for _, t := range r.Trials {
		if t.Workload != w.Name || t.Mode != mode {
			continue
		}
		if v, ok := Scalability[i].across(&r.Settings, w, t); ok {
			values = append(values, v)
		}
	}
	return stat.Median(values), len(values) > 0
}
