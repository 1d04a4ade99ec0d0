package results

import (
	"slices"

	"nodecompare/results/stat"
)

// Metric is a figure by which two modes are compared.
type Metric struct {
	Figure           // its name and direction; it is read at one place, unless across is set
	Floor    float64 // a ratio that is nearer to 1 is no difference that matters, e.g. 0.05
	Optional bool    // few benches measure it: where there is none of it, nobody asked
	Light    bool    // of the light load, which has a say of its own

	at       Place
	across   reading // a figure of more than one rung
	relative reading // over the yardstick's; nil where there is none of it
	also     Figure  // when set: a lead counts only as far as it is one in this as well, of which more is better
}

// reading is what a trial says; ok is false where it has no such figure.
type reading func(*Settings, Workload, Trial) (value float64, ok bool)

// Performance, Scalability and Isolation are the metrics of the rows that compare modes. The first
// is the share of requests answered; on which of the others words rest is in rank.go, and the rest
// can only veto. What a floor stands for, and why it is what it is, is in docs/calibration.md.
var (
	Performance = []Metric{
		{Figure: AnsweredShare, Floor: 0.01, at: Base},
		// Throughput is what clients get. On few cores the generator may bound it, and then it is
		// the same for all modes.
		{Figure: Throughput, Floor: 0.05, at: Base, relative: beside(Base, RelativeThroughput)},
		// CPU per request is what holds on a noisy machine, and what bounds the throughput of a
		// machine that is full.
		{Figure: CPUPerRequest, Floor: 0.05, at: Base, relative: beside(Base, RelativeCPU)},
		// A saturated server finds its batches full. What it costs, and how long it takes, when it
		// has to be woken for a request is another question; the yardstick is a second away there.
		{Figure: AnsweredShare, Floor: 0.01, at: AtCommon.Always, Light: true},
		{Figure: CPUPerRequest, Floor: 0.25, at: AtCommon.Always, Light: true,
			relative: overYardstick(AtCommon, CPUPerRequest)},
		{Figure: P50, Floor: 0.25, at: AtCommon.Always, Light: true, relative: overYardstick(AtCommon, P50)},
		{Figure: P99, Floor: 1, at: AtCommon.Always, Light: true},
	}
	Scalability = []Metric{
		{Figure: AnsweredShare, Floor: 0.01, at: Top},
		// Where the generator is the limit, the faster server seems to lose more on the way up: so
		// one that keeps more must also be ahead at the top.
		{Figure: Throughput.as("throughput kept"), Floor: 0.25, at: Top, across: kept, also: Throughput},
		{Figure: P99, Floor: 1, at: Top},
		// In an overload: how much of what was due was worth its while, how long the server took to
		// get over it, and what it answered at all.
		{Figure: InTimeShare, Floor: 0.25, at: AtOverload.Always, Optional: true},
		{Figure: Recovery, Floor: 0.25, at: AtOverload.Always, Optional: true},
		{Figure: AnsweredOfDue, Floor: 0.05, at: AtOverload.Always, Optional: true},
		{Figure: Memory.as(memoryPerConnection), Floor: 0.25, at: Top, across: perConnection(Memory, 1<<10, 1<<20)},
		{Figure: Threads.as("threads per connection"), Floor: 0.25, at: Top, across: perConnection(Threads, 0.01, 4)},
		{Figure: Figure{Name: "connections held"}, Floor: 0.05, at: Top, across: heldOrHalf},
	}
	// Isolation asks whether innocent requests are answered, and how long the slowest of them take,
	// amid the poison.
	Isolation = []Metric{
		{Figure: AnsweredShare, Floor: 0.01, at: AtAmid.Always},
		{Figure: P99, Floor: 1, at: AtAmid.Always},
	}
)

const memoryPerConnection = "memory per connection"

// as is what is made of a figure across a trial: it has a name of its own, and the same direction.
func (f Figure) as(name string) Figure { return Figure{Name: name, LessIsBetter: f.LessIsBetter} }

func (m Metric) read(s *Settings, w Workload, t Trial) (float64, bool) {
	if m.across != nil {
		return m.across(s, w, t)
	}
	return t.Read(m.at(w), m.Figure)
}

// beside reads a figure at a place.
func beside(at Place, f Figure) reading {
	return func(_ *Settings, w Workload, t Trial) (float64, bool) { return t.Read(at(w), f) }
}

// overYardstick is the cost of a request on another rung than that on which the yardstick had its
// turns.
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

// kept is the throughput at the top of the ladder over that at the base.
func kept(_ *Settings, w Workload, t Trial) (float64, bool) {
	atTop, okTop := t.Read(Top(w), Throughput)
	atBase, okBase := t.Read(Base(w), Throughput)
	if !okTop || !okBase || w.Top() == w.Base || atBase <= 0 {
		return 0, false
	}
	return atTop / atBase, true
}

// perConnection is what each connection between the base and the top adds to a figure. Less than
// least, or than a whole that a runtime takes and gives back at any time, counts as that much: a
// ratio of two nothings means nothing.
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

// Across is the median over a mode's trials of a metric that is read across a trial, such as memory
// per connection.
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
