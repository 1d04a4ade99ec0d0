package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nodecompare/loadgen/cpuset"
	"nodecompare/results"
)

// coreSteps are the servers' CPUs in steps: what does each mode make of more of them?
type coreSteps struct {
	sets  []cpuset.CPUs // from the fewest to the most, each the first of those that the servers may have
	loops int           // of a server that has any; 0 is one for each CPU
}

// newCoreSteps checks what was asked for; nil for no steps.
func (p *Plan) newCoreSteps(cores []int, loops string) (*coreSteps, error) {
	if len(cores) == 0 {
		if loops != "" {
			return nil, fmt.Errorf("--loops=%s is of the steps of --cores, and there are none: give --cores=1,2", loops)
		}
		return nil, nil
	}
	steps := new(coreSteps)
	if loops != "" && loops != Auto {
		n, err := strconv.Atoi(loops)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("--loops=%s: give %s, or how many, from 1", loops, Auto)
		}
		steps.loops = n
	}
	all, whose := p.split.Server, "the servers have"
	if !p.split.Pinned() {
		all, whose = p.allowed, "this process may use"
	}
	cores = slices.Sorted(slices.Values(cores))
	for i, n := range cores {
		switch {
		case all == nil:
			return nil, fmt.Errorf("--cores: %w", cpuset.ErrNoPinning)
		case n < 1:
			return nil, fmt.Errorf("--cores=%d: at least 1 is needed", n)
		case n > len(all):
			return nil, fmt.Errorf("--cores=%d: %s %d (CPU %s): name the CPUs of servers and load with "+
				"--pin=SERVERS:LOAD, or give --pin=off, where both share all", n, whose, len(all), all)
		case i > 0 && n == cores[i-1]:
			return nil, fmt.Errorf("--cores: %d is named twice", n)
		}
		steps.sets = append(steps.sets, all[:n])
	}
	if len(cores) < 2 {
		return nil, fmt.Errorf("--cores=%d: give two steps or more, as in 1,2,4", cores[0])
	}
	if !slices.ContainsFunc(p.slots, slot.steps) {
		return nil, fmt.Errorf("--cores: on none of these workloads more CPUs would show: name one that does not " +
			"wait, such as hello, and a server that this bench starts")
	}
	return steps, nil
}

// steps says whether more CPUs would show: not where requests wait, since throughput is then that
// of the connections, nor with subscribers or viewers, and not of a server whose CPUs are its own
// affair.
func (s slot) steps() bool {
	w := s.workload
	return w.Wait == 0 && w.Asks() && !strings.HasPrefix(w.Target, "/mix") && s.base().slices > 0 && !s.mode.standing()
}

// described is the record's form, before the first trial.
func (c *coreSteps) described() *results.Cores {
	d := &results.Cores{Loops: Auto, Trials: []results.Trial{}}
	if c.loops > 0 {
		d.Loops = strconv.Itoa(c.loops)
	}
	for _, set := range c.sets {
		d.Steps = append(d.Steps, results.CoreStep{Cores: len(set), CPUs: set.String()})
	}
	return d
}

// overCores is the plan of the steps: the base rung alone, of each mode on each workload, as many
// rounds as the bench has. A round shuffles the steps too, so that what the machine does meanwhile
// is not taken for theirs.
func (p *Plan) overCores() *Plan {
	more := *p
	more.again, more.slots, more.steps = true, nil, nil
	var groups [][]slot
	for _, s := range p.firstRound() {
		if !s.steps() {
			continue
		}
		s.rungs, s.closer = []rung{s.base()}, false
		i := slices.IndexFunc(groups, func(g []slot) bool { return g[0].workload.Name == s.workload.Name })
		if i < 0 {
			i, groups = len(groups), append(groups, nil)
		}
		for _, set := range p.steps.sets {
			s.cpus, s.loops = set, cmp.Or(p.steps.loops, len(set))
			groups[i] = append(groups[i], s)
		}
	}
	more.slots = shuffled(groups, p.settings.Rounds, p.settings.Seed+stepsSeed)
	more.note = "CPUs of the servers in steps"
	return &more
}

// stepsSeed has the steps' order differ from that of the rounds, and of extra ones.
const stepsSeed = 1 << 32

// climbCores measures the steps, if there are any.
func (b *bench) climbCores(ctx context.Context, r *results.Record) {
	if b.plan.steps == nil || ctx.Err() != nil {
		return
	}
	more := b.plan.overCores()
	if len(more.slots) == 0 {
		return // what was to be measured has been left out
	}
	r.Cores = b.plan.steps.described()
	b.progress.Begin(more, r)
	defer b.progress.End()
	b.following(more).trials(ctx, r, &r.Cores.Trials)
}
