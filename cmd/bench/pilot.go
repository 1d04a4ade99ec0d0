package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nodecompare/cmd/hosts"
	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
	"nodecompare/servers/child"
)

// pilot finds the capacities of all modes on all workloads, and with them the rates of the open
// loads. The rates stay the same in all rounds: a rate that followed the capacity of its own trial
// would hide what a trial's luck does to latency. A server that fails in the pilot has no rates,
// and is among the failures. A server whose upstream died is asked again, and so is one during
// whose pilot this process was stopped.
func (b *bench) pilot(ctx context.Context) (all []results.Rates, failed []results.Missing) {
	for _, s := range b.plan.firstRound() {
		if ctx.Err() != nil || b.over != nil {
			return all, failed
		}
		if !s.workload.Asks() {
			continue // there is no capacity in requests, and no open load
		}
		b.progress.WarmUp(s.name, s.workload.Name, 0, b.plan.pilotOf(s))
		capacity, err := b.capacity(ctx, s)
		for range mostLost {
			lost, ok := errors.AsType[*child.Failure](err)
			away := errors.As(err, new(*hosts.Voided))
			if !away && (!ok || !lost.Helper) && err != errStopped || ctx.Err() != nil || b.over != nil {
				break
			}
			b.progress.Say(fmt.Sprintf("pilot, %s on %s: made anew: %v", s.name, s.workload.Name, err))
			capacity, err = b.capacity(ctx, s)
		}
		b.noteHang(s, err)
		switch {
		case ctx.Err() != nil: // after a cancellation every error is a consequence of it
		case err != nil:
			b.progress.Say(fmt.Sprintf("pilot, %s on %s: FAILED: %v", s.name, s.workload.Name, err))
			failed = append(failed, results.Missing{Mode: s.name, Workload: s.workload.Name, Reason: err.Error()})
		case capacity > 0:
			all = append(all,
				results.Rates{Workload: s.workload.Name, Mode: s.name, CapacityRPS: capacity, OwnRPS: share * capacity})
		}
	}
	b.plan.setCommon(all)
	return all, failed
}

// setCommon gives all modes of a workload one rate: the user's, or one that is light for the
// slowest mode, as far as vegeta offers it on time.
func (p *Plan) setCommon(all []results.Rates) {
	for i, r := range all {
		if all[i].CommonRPS = p.settings.RateRPS; all[i].CommonRPS > 0 {
			continue
		}
		all[i].CommonRPS = p.vegetaRate()
		for _, other := range all {
			if other.Workload == r.Workload {
				all[i].CommonRPS = min(all[i].CommonRPS, other.OwnRPS)
			}
		}
	}
}

// pilotRuns is how often a capacity is measured. The best run counts, because noise only lowers a
// capacity.
const pilotRuns = 3

// errStopped is the error of a pilot in which this process was stopped.
var errStopped = errors.New(results.Stopped)

// capacity returns the throughput of a closed load at the base rung of a fresh, warm server, in
// requests per second.
func (b *bench) capacity(ctx context.Context, s slot) (rps float64, err error) {
	if b.plan.apart {
		return b.fieldCapacity(ctx, s)
	}
	stops := sample.Stops()
	defer func() {
		if sample.Stops() != stops && ctx.Err() == nil {
			err = errStopped
		}
	}()
	err = b.withServer(ctx, s, func(ctx context.Context, t *target) error {
		return b.withYardstick(ctx, t, s, func(ctx context.Context) error {
			_, g, err := b.warm(ctx, t, s)
			if err != nil {
				return err
			}
			defer g.Close()
			rps, err = b.most(ctx, t, s, g)
			return err
		})
	})
	return rps, err
}

// most returns the best throughput of a few runs on a warm server. It uses the warm-up's
// connections if the base rung has as many.
func (b *bench) most(ctx context.Context, t *target, s slot, g *loadgen.Generator) (rps float64, err error) {
	r := s.base()
	if r.connections != s.warmConnections() {
		a := t.attack
		a.Connections = r.connections
		if g, err = b.settled(ctx, a, r.ramp); err != nil {
			return 0, err
		}
		defer g.Close()
	}
	for range pilotRuns {
		result, err := g.Run(ctx, b.plan.pilotRun(s))
		if err != nil {
			return 0, err
		}
		if err := result.Unanswered(); err != nil {
			return 0, fmt.Errorf("at %d connections: %w", r.connections, err)
		}
		rps = max(rps, measure.RunCost{Result: result}.Throughput())
	}
	return rps, nil
}

// firstRound returns the slots of the first round: each mode on each workload once.
func (p *Plan) firstRound() []slot {
	var first []slot
	for _, s := range p.slots {
		if s.round == p.slots[0].round {
			first = append(first, s)
		}
	}
	return first
}

func (s slot) base() rung {
	for _, r := range s.rungs {
		if r.slices > 0 {
			return r
		}
	}
	return rung{}
}

// pilotRun returns a time in which each connection has an answer or two.
func (p *Plan) pilotRun(s slot) time.Duration {
	return max(p.profile.Pilot/pilotRuns, s.base().slice)
}
