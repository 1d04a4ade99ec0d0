package results

// The metrics, with the floors below which a ratio counts as no difference. What a floor stands for, and why it is what it
// is, is in docs/method.md.
var (
	answered = Metric{Name: "answered share", Floor: 0.01, figure: atBase(answeredShare)}
	// Throughput is what clients get. On few cores the generator may bound it, and then it is the same for all modes.
	throughput = Metric{Name: "throughput", Floor: 0.10, figure: atBase(Throughput)}
	// CPU per request is what holds on a noisy machine, and what bounds the throughput of a machine that is full.
	cpuPerRequest = Metric{Name: "CPU per request", Floor: 0.05, LessIsBetter: true, figure: atBase(CPUPerRequest)}

	answeredAtTop = Metric{Name: "answered share", Floor: 0.01, AtTop: true, figure: atTop(answeredShare)}
	// Where the generator is the limit, the faster server seems to lose more on the way up: so one that keeps more must also be
	// ahead at the top. This and p99 have high floors, which only a server that breaks down under its connections meets: a rung
	// lasts for less than a second, and both are noisy.
	throughputKept = Metric{Name: "throughput kept", Floor: 0.50, AtTop: true, figure: kept, ahead: atTop(Throughput), aheadBy: 0.25}
	tailAtTop      = Metric{Name: "p99", Floor: 1, LessIsBetter: true, AtTop: true, figure: atTop(P99)}

	memoryPerConnection  = Metric{Name: "memory per connection", Floor: 0.50, LessIsBetter: true, AtTop: true, figure: perConnection(RSS, 1<<10)}
	threadsPerConnection = Metric{Name: "threads per connection", Floor: 1, LessIsBetter: true, AtTop: true, figure: perConnection(Threads, 0.01)}
)

// Performance and Scalability are the metrics of the two rows that compare modes, in the order in which they are looked at.
var (
	Performance = []Metric{answered, throughput, cpuPerRequest}
	Scalability = []Metric{answeredAtTop, throughputKept, tailAtTop, memoryPerConnection, threadsPerConnection}
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

func answeredShare(r Rung) (float64, bool) {
	if r.Requests == 0 {
		return 0, false
	}
	return float64(r.Answered()) / float64(r.Requests), true
}

func atBase(figure func(Rung) (float64, bool)) func(Workload, Trial) (float64, bool) {
	return func(w Workload, t Trial) (float64, bool) {
		if r, ok := t.Rung(w.Base()); ok {
			return figure(r)
		}
		return 0, false
	}
}

func atTop(figure func(Rung) (float64, bool)) func(Workload, Trial) (float64, bool) {
	return func(w Workload, t Trial) (float64, bool) {
		if r, ok := t.Rung(w.Top()); ok {
			return figure(r)
		}
		return 0, false
	}
}

// kept is the throughput at the top of the ladder over that at the base.
func kept(w Workload, t Trial) (float64, bool) {
	top, okTop := atTop(Throughput)(w, t)
	base, okBase := atBase(Throughput)(w, t)
	if !okTop || !okBase || w.Top() == w.Base() {
		return 0, false
	}
	return top / base, true
}

// perConnection is what each connection between the base and the top adds to a figure; less than least counts as least, for a
// ratio of two nothings means nothing.
func perConnection(figure func(Rung) (float64, bool), least float64) func(Workload, Trial) (float64, bool) {
	return func(w Workload, t Trial) (float64, bool) {
		top, okTop := atTop(figure)(w, t)
		base, okBase := atBase(figure)(w, t)
		if !okTop || !okBase || w.Top() == w.Base() {
			return 0, false
		}
		return max(least, (top-base)/float64(w.Top()-w.Base())), true
	}
}
