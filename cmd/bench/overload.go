package bench

import (
	"cmp"
	"context"
	"time"

	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/servers/workload"
)

// An overload is two open loads on one server: steady requests at half of the server's capacity,
// and for a time a surge beside them, which brings the sum to a multiple of the capacity. The
// steady requests go on after the surge and show how long the server takes to recover.
type surge struct {
	times   float64       // of the mode's own capacity, in sum
	lasting time.Duration // from the first measured steady request
}

const (
	surgeTimes = 2
	// steadyAfter is how long the steady requests go on, in lengths of the surge. A server that
	// answers everything in order has a queue of one length at the surge's end, and is rid of it
	// after two, at half of its capacity.
	steadyAfter = 4

	// overloadClients bounds the requests in flight, and so the threads of a thread-per-request
	// server. Further requests wait for a free client, and their latency runs from when they were
	// due.
	overloadClients = 4000
	overloadRamp    = 200 * time.Millisecond

	overloadThreads = 2 // of the generator: one for each load
	// overloadRate is the highest rate, in requests per second, that the loop engine offers on time
	// on one core while it opens a connection for each request of a surge. Few servers on one core
	// exceed it.
	overloadRate = 60_000

	// overloadWait and overloadCompute are what a request of the workload overload does: enough
	// that the surge is no strain on the load.
	overloadWait    = 10 * time.Millisecond
	overloadCompute = time.Millisecond
)

// The workload overload is mix with more computing, and ends with an overload in every profile.
const (
	overloadName    = "overload"
	overloadSummary = "a wait of 10 ms and 1 ms of computing, at twice what a server can do, and then at half of it"
)

// overload returns the overload rung that ends a workload's trials. It is nil for none, with the
// reason in note if the profile has one. On routes that only wait, the pilot finds only what its
// connections can ask for, and twice that is just twice as many connections.
func (p Profile) overload(w workload.Workload, limit int) (r *rung, note string) {
	_, blast := blastNamed(w.Name)
	switch {
	case blast, !w.Asks(), !p.Overload && w.Name != overloadName:
		return nil, ""
	case w.Wait > 0:
		return nil,
			"No overload ends it: of a route that only waits, the capacity that was found is that of the connections."
	}
	return &rung{
		load: results.Overload, connections: min(overloadClients, limit), ramp: overloadRamp,
		duration: (1 + steadyAfter) * p.Surge, surge: &surge{surgeTimes, p.Surge},
	}, ""
}

// steadyRate returns the rate of an overload's steady requests, in requests per second, or 0 if
// twice the capacity exceeds what the generator can offer. Capacity is the highest throughput seen
// in the pilot or in this trial: a pilot taken in a noisy moment may be half the truth.
func (b *bench) steadyRate(s slot, t results.Trial) float64 {
	capacity := 0.0
	for _, known := range b.rates {
		if known.Workload == s.workload.Name && known.Mode == s.name {
			capacity = known.CapacityRPS
		}
	}
	for _, r := range t.Rungs {
		if usable, ok := t.Rung(results.RungKey{Load: r.Load, Connections: r.Connections}); ok &&
			usable.Load == results.Closed {
			capacity = max(capacity, usable.ThroughputRPS)
		}
	}
	if surgeTimes*capacity > overloadRate {
		return 0
	}
	return share * capacity
}

// surgeOf returns the record's description of a workload's overload; nil if it has none.
func surgeOf(r *rung) *results.Surge {
	if r == nil {
		return nil
	}
	return &results.Surge{
		Times: r.surge.times, ForS: seconds(r.surge.lasting), Then: share, ThenS: seconds(r.duration - r.surge.lasting),
		Clients: r.connections, MostRPS: overloadRate,
	}
}

// overloading is a running overload: the recorders of its two loads.
type overloading struct {
	rung          rung
	steady, burst surgeRecorder
}

// newOverloading plans the loads. rate is that of the steady requests.
func newOverloading(r rung, rate float64, slo time.Duration) *overloading {
	o := &overloading{rung: r}
	o.steady = newSurgeRecorder(rate, r.surge.lasting, r.duration, slo)
	o.burst = newSurgeRecorder(rate*(r.surge.times/share-1), r.surge.lasting, r.surge.lasting, slo)
	return o
}

// steadyClients returns the steady requests' share of the clients, equal to their share of the
// surge.
func (o *overloading) steadyClients() int {
	return max(1, int(float64(o.rung.connections)*share/o.rung.surge.times))
}

// attack returns the load of the steady requests.
func (o *overloading) attack(a loadgen.Attack) loadgen.Attack {
	a.Connections, a.Rate, a.Each, a.Threads = o.steadyClients(), o.steady.rate, o.steady.add, 1
	return a
}

// run puts both loads on the server, and returns their combined result.
func (o *overloading) run(ctx context.Context, a loadgen.Attack, regular *loadgen.Generator) (*loadgen.Result, error) {
	a.Connections, a.Rate, a.Each = max(1, o.rung.connections-o.steadyClients()), o.burst.rate, o.burst.add
	a.Threads = 1
	g, err := loadgen.Open(a)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	o.steady.open, o.burst.open = true, true
	wait := background(ctx, g, o.rung.surge.lasting)
	result, err := regular.Run(ctx, o.rung.duration)
	if err != nil {
		stop()
	}
	surging, surgeErr := wait()
	if err = cmp.Or(err, surgeErr); err != nil {
		return result, err
	}
	result.Beside(surging)
	return result, nil
}

// background runs a load beside another one. wait returns its result.
func background(ctx context.Context, g *loadgen.Generator,
	duration time.Duration) (wait func() (*loadgen.Result, error)) {
	type outcome struct {
		result *loadgen.Result
		err    error
	}
	ended := make(chan outcome, 1)
	go func() {
		result, err := g.Run(ctx, duration)
		ended <- outcome{result, err}
	}()
	return func() (*loadgen.Result, error) {
		o := <-ended
		return o.result, o.err
	}
}

// outcome returns what happened to the requests.
func (o *overloading) outcome() results.SurgeOutcome {
	t := results.SurgeOutcome{StepS: seconds(recorderStep), InFlight: o.inFlight()}
	for _, l := range []*surgeRecorder{&o.steady, &o.burst} {
		l.addTo(&t)
	}
	t.Unsent = t.Due - t.InTime - t.Late - t.Refused - t.TimedOut
	t.GoodputRPS = float64(t.InTime) / o.rung.surge.lasting.Seconds()
	recovery, ok := o.steady.recovery()
	t.RecoveryS, t.Recovered = seconds(recovery), ok
	return t
}

// inFlight returns the most requests of both loads at once, sampled after each flightStep.
func (o *overloading) inFlight() uint64 {
	most, now := 0, 0
	for i := range max(len(o.steady.flights), len(o.burst.flights)) {
		for _, l := range []*surgeRecorder{&o.steady, &o.burst} {
			if i < len(l.flights) {
				now += l.flights[i]
			}
		}
		most = max(most, now)
	}
	return uint64(most)
}

// waited reports whether all clients had a request in flight at some time, so that late requests
// are the server's doing.
func (o *overloading) waited(t results.SurgeOutcome) bool {
	return float64(t.InFlight) >= 0.95*float64(o.rung.connections)
}
