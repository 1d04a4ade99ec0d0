package bench

import (
	"cmp"
	"context"
	"time"

	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/servers/workload"
)

// An overload is two open loads on one server: regular requests at the share of its capacity that
// open loads have, and for a time a surge beside them, which brings the sum to a multiple of the
// capacity. Regular requests go on when it is over, and show how long the server takes to get over
// it.
type surge struct {
	times   float64       // of the mode's own capacity, in sum
	lasting time.Duration // from the first regular request that is measured
}

const (
	surgeTimes = 2
	// calmAfter is how long the regular requests go on, in lengths of the surge. A server that
	// answers everything, in the order in which it came, has a queue of one length at the surge's
	// end and is rid of it after two, at half of its capacity.
	calmAfter = 4

	// overloadClients bound what is in flight: as many threads as a server with a thread for each
	// request has to make. Further requests wait until a client is free, and their time runs from
	// when they were due.
	overloadClients = 4000
	overloadSettle  = 200 * time.Millisecond

	overloadThreads = 2 // that the generator has: one for each load
	// overloadRate is the highest rate that the loop engine offers on time on one core beside what
	// it costs to open a connection for each request of a surge, in requests per second. It also
	// answers for most of what a server on one core can do.
	overloadRate = 60_000

	// overloadWait and overloadCompute are what a request of the workload overload does: so much
	// that a surge is no feat for the load.
	overloadWait    = 10 * time.Millisecond
	overloadCompute = time.Millisecond
)

// The workload overload is mix with more to compute, and ends with an overload in every profile.
const (
	overloadName    = "overload"
	overloadSummary = "a wait of 10 ms and 1 ms of computing, at twice what a server can do, and then at half of it"
)

// overload is the rung of overload that ends a trial of the workload: nil for none, with why where
// the profile has one. On routes that only wait, what the pilot finds is what its connections can
// ask for, and twice that is no more than twice as many of them.
func (p Profile) overload(w workload.Workload, limit int) (r *rung, note string) {
	_, blast := blastNamed(w.Name)
	switch {
	case blast, !p.Overload && w.Name != overloadName:
		return nil, ""
	case w.Wait > 0:
		return nil,
			"No overload ends it: of a route that only waits, the capacity that was found is that of the connections."
	}
	return &rung{
		load: results.Overload, connections: min(overloadClients, limit), settle: overloadSettle,
		duration: (1 + calmAfter) * p.Surge, surge: &surge{surgeTimes, p.Surge},
	}, ""
}

// calmRate is that of an overload's regular requests, in requests per second; 0 for none, since the
// surge would be more than the load can offer. Capacity is here the most that the pilot or any rung
// of the same trial has found: what a noisy moment made of a server in the pilot may be half of
// what it can do now, and twice that would be no overload.
func (b *bench) calmRate(s slot, t results.Trial) float64 {
	capacity := 0.0
	for _, known := range b.rates {
		if known.Workload == s.workload.Name && known.Mode == s.name {
			capacity = known.CapacityRPS
		}
	}
	for _, r := range t.Rungs {
		if usable, ok := t.Rung(results.At{Load: r.Load, Connections: r.Connections}); ok &&
			usable.Load == results.Closed {
			capacity = max(capacity, usable.ThroughputRPS)
		}
	}
	if surgeTimes*capacity > overloadRate {
		return 0
	}
	return share * capacity
}

// surgeOf is what the record says of a workload's overload; nil where it has none.
func surgeOf(r *rung) *results.Surge {
	if r == nil {
		return nil
	}
	return &results.Surge{
		Times: r.surge.times, ForS: seconds(r.surge.lasting), Then: share, ThenS: seconds(r.duration - r.surge.lasting),
		Clients: r.connections, MostRPS: overloadRate,
	}
}

// overloading is an overload under way: the ledgers of its two loads.
type overloading struct {
	rung           rung
	regular, extra ledger
}

// newOverloading plans the loads: rate is that of the regular requests.
func newOverloading(r rung, rate float64, slo time.Duration) *overloading {
	o := &overloading{rung: r}
	o.regular = newLedger(rate, r.surge.lasting, r.duration, slo)
	o.extra = newLedger(rate*(r.surge.times/share-1), r.surge.lasting, r.surge.lasting, slo)
	return o
}

// regularClients are as large a part of all as the regular requests are of the surge.
func (o *overloading) regularClients() int {
	return max(1, int(float64(o.rung.connections)*share/o.rung.surge.times))
}

// attack is the load of the regular requests.
func (o *overloading) attack(a loadgen.Attack) loadgen.Attack {
	a.Connections, a.Rate, a.Each, a.Threads = o.regularClients(), o.regular.rate, o.regular.add, 1
	return a
}

// run puts both loads on the server, and gives what they measured as one.
func (o *overloading) run(ctx context.Context, a loadgen.Attack, regular *loadgen.Generator) (*loadgen.Result, error) {
	a.Connections, a.Rate, a.Each = max(1, o.rung.connections-o.regularClients()), o.extra.rate, o.extra.add
	a.Threads = 1
	g, err := loadgen.Open(a)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	o.regular.open, o.extra.open = true, true
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

// background runs a load beside another one; wait gives what came of it.
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

// toll is what became of the requests.
func (o *overloading) toll() results.Toll {
	t := results.Toll{StepS: seconds(ledgerStep), InFlight: o.inFlight()}
	for _, l := range []*ledger{&o.regular, &o.extra} {
		l.addTo(&t)
	}
	t.Unsent = t.Due - t.InTime - t.Late - t.Refused - t.TimedOut
	t.GoodputRPS = float64(t.InTime) / o.rung.surge.lasting.Seconds()
	recovery, ok := o.regular.recovery()
	t.RecoveryS, t.Recovered = seconds(recovery), ok
	return t
}

// inFlight is the most requests of both loads at once, looked at after each flightStep.
func (o *overloading) inFlight() uint64 {
	most, now := 0, 0
	for i := range max(len(o.regular.flights), len(o.extra.flights)) {
		for _, l := range []*ledger{&o.regular, &o.extra} {
			if i < len(l.flights) {
				now += l.flights[i]
			}
		}
		most = max(most, now)
	}
	return uint64(most)
}

// waited says that all clients had a request in flight at some time: that others were sent late was
// then the server's doing.
func (o *overloading) waited(t results.Toll) bool {
	return float64(t.InFlight) >= 0.95*float64(o.rung.connections)
}
