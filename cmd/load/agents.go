package load

import (
	"context"

	"nodecompare/cluster"
	"nodecompare/cmd/hosts"
	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// RunOn puts one load on the target from several hosts at once. A host that is lost, or hears of
// the start too late, makes it VOID, which is a *hosts.Voided.
func RunOn(ctx context.Context, agents []*cluster.Agent, a loadgen.Attack) (*results.LoadRun, error) {
	l, err := hosts.Open(ctx, agents, a, measure.Span{})
	if err != nil {
		return nil, err
	}
	j, err := l.Run(ctx, a.Duration, nil)
	if err != nil {
		return nil, err
	}
	run := figures(j.Attack, &loadgen.Measurement{Result: j.Result}, nil, j.At)
	run.Trust, run.Hosts, run.Reduced = run.Trust.And(j.Trust), j.Hosts, hosts.Reduced
	if run.Requests > 0 && j.Spent > 0 {
		cpu := float64(j.Spent.Nanoseconds()) / 1e3 / float64(run.Requests)
		run.GeneratorCPUUS = &cpu
	}
	return run, nil // agents close their connections with their sessions
}
