package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nodecompare/cmd/lookup"
	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/servers/workload"
)

// A blast is a workload with poison beside it. Its result is how much the poison harms the other
// requests, the victims.
type blast struct {
	name, summary string
	victim        string // a workload
	poison        poison
}

// poison is a second load on the same server.
type poison struct {
	target string        // path and query
	rate   float64       // requests per second
	lead   time.Duration // time before the victims' requests
	wait   time.Duration // of each request; 0 if it computes
}

// blasts is the table of blasts. Poison that computes takes two fifths of a core, enough to meet
// victim requests but not all of the core. Poison that waits has 300 requests in flight, more than
// a pool of the usual 200 threads can hold.
var blasts = []blast{
	{"blast-cpu", "hello, while two requests a second compute for 200 ms: who waits for them?", "hello",
		poison{"/cpu?ms=200", 2, ms(300), 0}},
	{"blast-wait", "hello, while 150 requests a second wait for 2 s: who waits with them?", "hello",
		poison{"/wait?ms=2000", 150, ms(2100), ms(2000)}},
}

const (
	// victimRate is modest for any server, and the same for all, in requests per second.
	victimRate = 200
	// victimConnections are as many as a run has requests, so that each is sent on time whatever
	// happened to the earlier ones.
	victimConnections = 512
	// victimTime covers 300 requests, and three requests of the poison that computes.
	victimTime = 1500 * time.Millisecond
	victimRamp = 20 * time.Millisecond

	poisonConnections = 1000
	poisonTimeout     = 30 * time.Second
)

// Special returns the workloads that only a bench has: the requests of other workloads under loads
// of their own.
func Special() []workload.Workload {
	var all []workload.Workload
	for _, b := range blasts {
		all = append(all, derived(b.name, b.summary, b.victim))
	}
	over := derived(overloadName, overloadSummary, "mix")
	over.Target, over.CPU = workload.MixTarget(overloadWait, overloadCompute), overloadCompute
	return append(all, over)
}

// derived returns the workload original under a new name.
func derived(name, summary, original string) workload.Workload {
	w, err := lookup.Named("workload", original, workload.All)
	if err != nil {
		panic(err) // unreachable: blasts names only existing workloads
	}
	w.Name, w.Summary = name, summary
	return w
}

// workloadNamed returns a workload, or a special one, by its name.
func workloadNamed(name string) (workload.Workload, error) {
	return lookup.Named("workload", name, slices.Concat(workload.All, Special()))
}

func blastNamed(name string) (blast, bool) {
	i := slices.IndexFunc(blasts, func(b blast) bool { return b.name == name })
	if i < 0 {
		return blast{}, false
	}
	return blasts[i], true
}

// poisonOf returns the record's description of a workload's poison; nil if it has none.
func poisonOf(name string) *results.Poison {
	b, ok := blastNamed(name)
	if !ok {
		return nil
	}
	return &results.Poison{Target: b.poison.target, RateRPS: b.poison.rate}
}

// blastLadder returns the profile's base rung, and two open loads at the same rate, without and
// with poison.
func (p Profile) blastLadder(b blast, w workload.Workload) (rungs []rung, base int) {
	for _, r := range p.Ladder {
		if r.connections == usualBase {
			rungs = append(rungs, inSlices(r, w))
		}
	}
	open := rung{load: results.Alone, connections: victimConnections, ramp: victimRamp,
		duration: victimTime, rate: victimRate}
	withPoison := open
	withPoison.load, withPoison.poison = results.Amid, &b.poison
	return append(rungs, open, withPoison), usualBase
}

// leadTime returns how long a rung's poison runs before the rung.
func (r rung) leadTime() time.Duration {
	if r.poison == nil {
		return 0
	}
	return r.poison.lead
}

// withPoison runs a rung while its poison, if any, loads the same server. Poison still in flight at
// the end of the rung is aborted.
func (b *bench) withPoison(ctx context.Context, t *target, s slot, r rung,
	run func() (results.Rung, error)) (measured results.Rung, err error) {
	if r.poison == nil {
		return run()
	}
	a := loadgen.Attack{
		Target: s.poison(t.server.url), Connect: t.server.connect, Connections: poisonConnections,
		Rate: r.poison.rate, Timeout: poisonTimeout,
	}
	a.Engine = loadgen.Auto(a, 0)
	g, err := loadgen.Open(a)
	if err != nil {
		return results.Rung{}, err
	}
	defer g.Close()
	poisoning, stop := context.WithCancel(ctx)
	defer stop()
	// The duration exceeds any rung's, because stop ends the run.
	wait := background(poisoning, g, r.poison.lead+r.ramp+r.duration+2*requestTimeout+poisonTimeout)
	lead := time.NewTimer(r.poison.lead)
	defer lead.Stop()
	select {
	case <-lead.C:
		measured, err = run()
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	stop()
	dose, poisonErr := wait()
	if poisonErr != nil && !errors.Is(poisonErr, context.Canceled) {
		return measured, errors.Join(err, fmt.Errorf("the poison: %w", poisonErr))
	}
	if dose != nil {
		measured.Poison = &results.PoisonOutcome{Requests: dose.Requests, Errors: dose.Errors, InFlight: dose.Aborted}
	}
	return measured, err
}
