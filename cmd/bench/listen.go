package bench

import (
	"context"
	"fmt"
	"time"

	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/servers/workload"
)

// A workload that tells has subscribers in place of requests: each rung is so many of them, who
// hear events at the rate of the workload's target.

const (
	// listenTicks is how many events each subscriber of a rung hears at the least.
	listenTicks = 5
	// listenWarm is the warm-up of a compiled server with its subscribers.
	listenWarm = 500 * time.Millisecond
	// listenLeast is the fewest subscribers of a rung: fewer hardly give a server work.
	listenLeast = usualBase
)

// listenLadder returns the profile's closed rungs from listenLeast subscribers, each long enough
// for some events, with the base rung's subscribers.
func (p Profile) listenLadder(limit int) (rungs []rung, base int, note string) {
	note = fmt.Sprintf("Its connections are subscribers, who hear %d events a second each. What is called a request "+
		"elsewhere is an event that came, and its latency is from when it was due.", time.Second/workload.LiveInterval)
	if top := p.Ladder[len(p.Ladder)-1].connections; top > limit {
		note += fmt.Sprintf(" The ladder ends at %d instead of %d: the limit of open files is too low for more "+
			"(see ulimit -n).", limit, top)
	}
	for _, r := range capped(p.Ladder, limit) {
		if r.connections < listenLeast && r.connections < limit {
			continue
		}
		r.ramp = max(r.ramp, 2*workload.LiveInterval)
		r.duration = max(r.duration, listenTicks*workload.LiveInterval)
		rungs = append(rungs, r)
	}
	at := 0
	for i, r := range rungs {
		if r.connections <= waitingBase && (i < len(rungs)-1 || i == 0) {
			at = i
		}
	}
	r := &rungs[at]
	r.duration = max(r.duration, 2*listenTicks*workload.LiveInterval)
	r.slice = workload.LiveInterval // in which each subscriber hears one event
	r.slices = listenTicks
	return rungs, r.connections, note
}

// listening makes an attack on a workload that tells one of subscribers.
func listening(a loadgen.Attack, w workload.Workload) loadgen.Attack {
	if w.Tells {
		a.Conversation, a.Engine, a.Others, a.WantBody = loadgen.Subscribe, loadgen.Loop, nil, nil
	}
	return a
}

// warmListening has a server's subscribers hear events for a while, unmeasured. Whether a server
// that compiles itself is done is not asked: it has as long as such a server takes under load.
func (b *bench) warmListening(ctx context.Context, a loadgen.Attack, s slot) (*results.WarmUp, *loadgen.Generator,
	error) {
	began := time.Now()
	g, err := loadgen.Open(a)
	if err != nil {
		return nil, nil, err
	}
	r, err := g.Run(ctx, s.warmTime())
	if err == nil {
		err = r.Unanswered()
	}
	if err == nil && r.Requests == 0 {
		err = fmt.Errorf("no subscriber heard an event within %v", s.warmTime())
	}
	if err != nil {
		g.Close()
		return nil, nil, err
	}
	return &results.WarmUp{TookS: seconds(time.Since(began)), Windows: 1, Steady: true, Errors: r.Errors,
		Requests: r.Requests - r.Errors}, g, nil
}
