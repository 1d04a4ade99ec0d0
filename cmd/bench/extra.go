package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
)

// extraShare bounds the time of extra rounds: one part in so many of the bench's planned time.
const extraShare = 2

// extra makes short rounds of the pairs that the full ones left open, and looks again after each
// few of them, until nothing is open that more rounds may decide, or the record has as many rounds
// as words rest on. If the user set the number of rounds, extra does nothing.
func (b *bench) extra(ctx context.Context, r *results.Record) {
	if b.plan.asked || b.plan.settings.Null || b.over != nil {
		return
	}
	left := b.plan.Duration() / extraShare
	for round := b.plan.settings.Rounds; round+results.ExtraRounds <= results.MostRounds &&
		ctx.Err() == nil && b.over == nil; round += results.ExtraRounds {
		more := b.plan.extra(results.StillOpen(r), round)
		if len(more.slots) == 0 || more.Duration() > left {
			return
		}
		left -= more.Duration()
		b.progress.Begin(more, r)
		again := b.following(more)
		again.trials(ctx, r, &r.Extra)
		b.hosts, b.over = again.hosts, again.over
		b.progress.End()
	}
}

// extra returns the plan of a few rounds after the given one, with the modes of open pairs and the
// base rung alone.
func (p *Plan) extra(open []results.Open, after int) *Plan {
	more := *p
	more.again, more.slots, more.note = true, nil, ""
	var groups [][]slot
	var about []string
	for _, s := range p.firstRound() {
		wanted := func(o results.Open) bool { return o.Workload == s.workload.Name && (o.A == s.name || o.B == s.name) }
		if !slices.ContainsFunc(open, wanted) {
			continue
		}
		s.rungs, s.closer = []rung{s.base()}, false
		about = append(about, s.name+" on "+s.workload.Name)
		if i := slices.IndexFunc(groups, func(g []slot) bool { return g[0].workload.Name == s.workload.Name }); i >= 0 {
			groups[i] = append(groups[i], s)
		} else {
			groups = append(groups, []slot{s})
		}
	}
	if groups == nil {
		return &more
	}
	more.slots = shuffled(groups, results.ExtraRounds, p.settings.Seed+uint64(after))
	for i := range more.slots {
		more.slots[i].round += after
	}
	slices.Sort(about)
	more.note = fmt.Sprintf("extra rounds %d to %d, of the base rung alone, for what Performance leaves open: %s",
		after+1, after+results.ExtraRounds, strings.Join(about, ", "))
	return &more
}
