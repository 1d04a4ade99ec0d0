package bench

import (
	"context"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// pilot finds the capacities of all modes on all workloads, and with them the rates of the open loads. They stay the same in
// all rounds: a rate that followed the capacity of its own trial would hide what a trial's luck does to latency. A server that
// fails here has no rates; its trials will say why.
func (b *bench) pilot(ctx context.Context) []results.Rates {
	var all []results.Rates
	for _, s := range b.plan.firstRound() {
		if ctx.Err() != nil {
			return all
		}
		if capacity, err := b.capacity(ctx, s); err == nil && capacity > 0 {
			all = append(all, results.Rates{Workload: s.workload.Name, Mode: s.name, CapacityRPS: capacity, OwnRPS: share * capacity})
		}
	}
	for i, r := range all {
		all[i].CommonRPS = r.OwnRPS
		for _, other := range all {
			if other.Workload == r.Workload {
				all[i].CommonRPS = min(all[i].CommonRPS, other.OwnRPS)
			}
		}
	}
	return all
}

// pilotRuns are made of each capacity: the best of them counts, since noise takes from a capacity and never adds to it.
const pilotRuns = 3

// capacity is of a closed load on the base rung of a fresh server that has been warmed up, in requests per second.
func (b *bench) capacity(ctx context.Context, s slot) (rps float64, err error) {
	err = b.withServer(ctx, s, func(ctx context.Context, t *target) error {
		return b.beside(ctx, t, s, func() error {
			if _, err := b.warm(ctx, t, s); err != nil {
				return err
			}
			rps, err = b.most(ctx, t, s)
			return err
		})
	})
	return rps, err
}

// most is the most of a few runs on a warm server.
func (b *bench) most(ctx context.Context, t *target, s slot) (rps float64, err error) {
	r := s.base()
	a := t.attack
	a.Connections = r.connections
	g, err := loadgen.Open(a)
	if err != nil {
		return 0, err
	}
	defer g.Close()
	if _, err := g.Run(ctx, r.settle); err != nil {
		return 0, err
	}
	for range pilotRuns {
		result, err := g.Run(ctx, b.plan.pilotRun(s))
		if err != nil {
			return 0, err
		}
		rps = max(rps, measure.Spent{Result: result}.Throughput())
	}
	return rps, nil
}

// firstRound are the slots of the first round: each mode on each workload once.
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

// pilotRun is long enough for each connection to have an answer or two.
func (p *Plan) pilotRun(s slot) time.Duration {
	return max(p.profile.Pilot/pilotRuns, s.base().slice)
}
