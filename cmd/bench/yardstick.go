package bench

import (
	"context"
	"slices"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/cpuset"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
	"nodecompare/servers/child"
)

// YardstickCommand is the hidden command that serves the yardstick.
const YardstickCommand = "yardstick"

// yard is a running yardstick with the load for it.
type yard struct {
	process *child.Process
	measure.Loaded
}

// withYardstick runs use with a yardstick beside the server, which ends the context of use when it
// dies, and is the error.
func withYardstick(ctx context.Context, cpus cpuset.CPUs, use func(context.Context, yard) error) error {
	command := child.Command{Name: YardstickCommand, Helper: true, Args: []string{YardstickCommand}}
	return measure.WithServer(ctx, cpus, command, func(ctx context.Context, p *child.Process) error {
		load, err := loadgen.Open(loadgen.Attack{
			Target: loadgen.Target{URL: p.URL + "/"}, Connections: yardstickConnections,
			Timeout: requestTimeout, Engine: loadgen.Loop,
		})
		if err != nil {
			return err
		}
		defer load.Close()
		return use(ctx, yard{p, measure.Loaded{Subject: sample.Subject{PID: p.PID}, Load: load}})
	})
}

// turns goes to and fro between the server and the yardstick, and holds each slice of the one
// against the slice of the other beside it. It ends early with a slice that goes unanswered, and
// when the slices take longer than planned by a request's timeout.
//
// What is said of all slices is the median of theirs: one that something else disturbed then says
// nothing. A server that compiles itself as it runs collects garbage in some slices and not in
// others, or in the yardstick's, which is part of what its requests cost: of such a one it is the
// ratio of the sums, with what it used while the yardstick had its turns.
func turns(ctx context.Context, t *target, r rung, load *loadgen.Generator) (*results.Yardstick, error) {
	server, y := measure.Loaded{Subject: t.server.sampled, Load: load}, t.yard
	var ofServer, ofYard measure.Spent
	var cpu, throughput []float64 // of the server over the yardstick, slice by slice
	overdue := time.Now().Add(2*time.Duration(r.slices)*r.slice + requestTimeout)
	before, err := measure.CPUTime(server.Subject)
	if err != nil {
		return nil, err
	}
	made := 0
	for ; made < r.slices && (made < 2 || time.Now().Before(overdue)); made++ {
		mine, err := server.Spend(ctx, r.slice)
		if err != nil {
			return nil, err
		}
		if mine.Result.Unanswered() != nil {
			made++
			break // the server hangs: it would be the same again
		}
		its, err := y.Spend(ctx, slice)
		if err != nil {
			return nil, err
		}
		ofServer.Add(mine)
		ofYard.Add(its)
		if a, b := mine.PerRequest(), its.PerRequest(); a > 0 && b > 0 {
			cpu = append(cpu, a/b)
		}
		if a, b := mine.Throughput(), its.Throughput(); a > 0 && b > 0 {
			throughput = append(throughput, a/b)
		}
	}
	told := &results.Yardstick{
		Slices: made, CPUUS: ofYard.PerRequest(), ThroughputRPS: ofYard.Throughput(), CPUs: slices.Clone(cpu),
		RelativeCPU: median(cpu), RelativeThroughput: median(throughput),
	}
	if t.compiles && len(cpu) > 0 {
		after, err := measure.CPUTime(server.Subject)
		if err != nil {
			return nil, err
		}
		ofServer.CPU = max(0, after-before)
		told.RelativeCPU = ofServer.PerRequest() / told.CPUUS
	}
	if t.compiles && len(throughput) > 0 {
		told.RelativeThroughput = ofServer.Throughput() / told.ThroughputRPS
	}
	return told, nil
}

// median sorts the values; 0 of none.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	slices.Sort(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
