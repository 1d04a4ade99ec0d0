package results

// Metric is a figure of a trial by which two modes are compared.
type Metric struct {
	Name         string
	Floor        float64 // a ratio that is nearer to 1 is no difference that matters, e.g. 0.05
	LessIsBetter bool
	Optional     bool // few benches measure it: where there is none of it, nobody asked

	at       func(Workload) At
	figure   reading
	relative reading // over the yardstick's; nil where there is none at that load
	also     reading // when set: a lead counts only as far as it is one in this as well, of which more is better
}

// reading is what a trial says; ok is false where it has no such figure.
type reading func(*Settings, Workload, Trial) (value float64, ok bool)

// The metrics. What a floor stands for, and why it is what it is, is in docs/method.md.
var (
	answered = Metric{Name: "answered share", Floor: 0.01, at: base, figure: on(base, answeredShare)}
	// Throughput is what clients get. On few cores the generator may bound it, and then it is the same for all modes.
	throughput = Metric{Name: "throughput", Floor: 0.05, at: base, figure: on(base, Throughput), relative: on(base, RelativeThroughput)}
	// CPU per request is what holds on a noisy machine, and what bounds the throughput of a machine that is full.
	cpuPerRequest = Metric{Name: "CPU per request", Floor: 0.05, LessIsBetter: true, at: base, figure: on(base, CPUPerRequest), relative: on(base, RelativeCPU)}
	tail          = Metric{Name: "p99", Floor: 1, LessIsBetter: true, at: common, figure: on(common, P99)}

	answeredAtTop = Metric{Name: "answered share", Floor: 0.01, at: top, figure: on(top, answeredShare)}
	// Where the generator is the limit, the faster server seems to lose more on the way up: so one that keeps more must also be
	// ahead at the top.
	throughputKept = Metric{Name: "throughput kept", Floor: 0.25, at: top, figure: kept, also: on(top, Throughput)}
	tailAtTop      = Metric{Name: "p99", Floor: 1, LessIsBetter: true, at: top, figure: on(top, P99)}

	memoryPerConnection  = Metric{Name: "memory per connection", Floor: 0.25, LessIsBetter: true, at: top, figure: perConnection(RSS, 1<<10, 1<<20)}
	threadsPerConnection = Metric{Name: "threads per connection", Floor: 0.25, LessIsBetter: true, at: top, figure: perConnection(Threads, 0.01, 4)}
	// In an overload: how much of what was due was worth its while, how long the server took to get over it, and what it answered at all.
	inTime             = Metric{Name: "answered in time", Floor: 0.25, at: overload, Optional: true, figure: on(overload, inTimeShare)}
	recovery           = Metric{Name: "time to recover", Floor: 0.25, LessIsBetter: true, at: overload, Optional: true, figure: on(overload, RecoveryTime)}
	answeredInOverload = Metric{Name: "answered share", Floor: 0.05, at: overload, Optional: true, figure: on(overload, answeredOfSurge)}

	connectionsHeld = Metric{Name: "connections held", Floor: 0.05, at: top, figure: heldOrHalf}
)

// Tier is metrics that are weighed against each other: the one that differs most decides. As a rule it is but one.
type Tier []Metric

// Performance and Scalability are the metrics of the two rows that compare modes, in the order in which they are looked at.
var (
	Performance = []Tier{{answered}, {throughput, cpuPerRequest}, {tail}}
	Scalability = []Tier{{answeredAtTop}, {throughputKept}, {tailAtTop},
		{inTime}, {recovery}, {answeredInOverload}, {memoryPerConnection}, {threadsPerConnection}, {connectionsHeld}}
)

// Throughput is in requests without error per second.
func Throughput(r Rung) (float64, bool) { return r.ThroughputRPS, r.Answered() > 0 }

// P50 is in microseconds.
func P50(r Rung) (float64, bool) { return r.LatencyUS.P50, r.Answered() > 0 }

// P99 is in microseconds.
func P99(r Rung) (float64, bool) { return r.LatencyUS.P99, r.Answered() > 0 }

// CPUPerRequest is in microseconds of the server's CPU time, user and system, per request without error.
func CPUPerRequest(r Rung) (float64, bool) {
	if r.Process == nil || r.Answered() == 0 {
		return 0, false
	}
	return r.Process.CPUUSPerRequest, true
}

// Threads is the most OS threads that the server had.
func Threads(r Rung) (float64, bool) {
	if r.Process == nil {
		return 0, false
	}
	return float64(r.Process.Threads), true
}

// RSS is the most resident memory that the server held, in bytes.
func RSS(r Rung) (float64, bool) {
	if r.Process == nil {
		return 0, false
	}
	return float64(r.Process.RSSBytes), true
}

// InFlight is the mean number of requests in flight.
func InFlight(r Rung) (float64, bool) { return r.InFlight, r.Answered() > 0 }

// nextToNone is what a share of nothing counts as: a ratio needs something to divide by.
const nextToNone = 0.001

func answeredShare(r Rung) (float64, bool) {
	if r.Requests == 0 {
		return 0, false
	}
	return max(nextToNone, float64(r.Answered())/float64(r.Requests)), true
}

func base(w Workload) At { return Conns(w.Base) }
func top(w Workload) At  { return Conns(w.Top()) }
func common(Workload) At { return At{Load: Common} }

func overload(Workload) At { return At{Load: Overload} }

func on(at func(Workload) At, figure Figure) reading {
	return func(_ *Settings, w Workload, t Trial) (float64, bool) {
		if r, ok := t.Rung(at(w)); ok {
			return figure(r)
		}
		return 0, false
	}
}

// kept is the throughput at the top of the ladder over that at the base.
func kept(s *Settings, w Workload, t Trial) (float64, bool) {
	atTop, okTop := on(top, Throughput)(s, w, t)
	atBase, okBase := on(base, Throughput)(s, w, t)
	if !okTop || !okBase || w.Top() == w.Base || atBase <= 0 {
		return 0, false
	}
	return atTop / atBase, true
}

// perConnection is what each connection between the base and the top adds to a figure. Less than least, or than a whole that a
// runtime takes and gives back at any time, counts as that much: a ratio of two nothings means nothing.
func perConnection(figure Figure, least, whole float64) reading {
	return func(s *Settings, w Workload, t Trial) (float64, bool) {
		atTop, okTop := on(top, figure)(s, w, t)
		atBase, okBase := on(base, figure)(s, w, t)
		connections := float64(w.Top() - w.Base)
		if !okTop || !okBase || connections <= 0 {
			return 0, false
		}
		return max(least, whole/connections, (atTop-atBase)/connections), true
	}
}

func RelativeCPU(r Rung) (float64, bool) {
	if r.Yardstick == nil {
		return 0, false
	}
	return r.Yardstick.RelativeCPU, r.Yardstick.RelativeCPU > 0
}

func RelativeThroughput(r Rung) (float64, bool) {
	if r.Yardstick == nil {
		return 0, false
	}
	return r.Yardstick.RelativeThroughput, r.Yardstick.RelativeThroughput > 0
}
