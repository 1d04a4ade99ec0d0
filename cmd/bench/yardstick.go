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
	"nodecompare/results/stat"
	"nodecompare/servers/child"
)

// YardstickCommand is the hidden command that serves the yardstick.
const YardstickCommand = "yardstick"

// loadedYardstick is a running yardstick with its load.
type loadedYardstick struct {
	process *child.Process
	measure.Loaded
}

// startYardstick starts a yardstick, opens a load on so many threads for it, calls use, and stops
// the yardstick. If it dies, use's context is cancelled and its failure is returned.
func startYardstick(ctx context.Context, cpus cpuset.CPUs, threads int,
	use func(context.Context, loadedYardstick) error) error {
	command := child.Command{Name: YardstickCommand, Helper: true, Args: []string{YardstickCommand}}
	return measure.WithServer(ctx, cpus, command, func(ctx context.Context, p *child.Process) error {
		load, err := loadgen.Open(loadgen.Attack{
			Target: loadgen.Target{URL: p.URL + "/"}, Connections: yardstickConnections,
			Timeout: requestTimeout, Engine: loadgen.Loop, Threads: threads,
		})
		if err != nil {
			return err
		}
		defer load.Close()
		return use(ctx, loadedYardstick{p, measure.Loaded{Subject: sample.Subject{PID: p.PID}, Load: load}})
	})
}

// alternate drives the server and the yardstick in turn, slice by slice, and compares each slice of
// the server with the yardstick's next to it. It ends early at an unanswered slice, and when the
// slices take longer than planned by a request's timeout.
//
// The result is the median over the slices, which ignores a slice that something else disturbed. A
// server that compiles itself as it runs collects garbage in some slices and not in others, or in
// the yardstick's turns, and that is part of what its requests cost. For such a server the result
// is the ratio of the sums, with what the server used during the yardstick's turns.
func alternate(ctx context.Context, t *target, r rung, load *loadgen.Generator) (*results.Yardstick, error) {
	server, y := measure.Loaded{Subject: t.server.sampled, Load: load}, t.yardstick
	var ofServer, ofYard measure.RunCost
	var cpu, throughput []float64 // of the server over the yardstick, slice by slice
	overdue := time.Now().Add(2*time.Duration(r.slices)*r.slice + requestTimeout)
	before, err := measure.CPUTime(server.Subject)
	if err != nil {
		return nil, err
	}
	made := 0
	for ; made < r.slices && (made < 2 || time.Now().Before(overdue)); made++ {
		mine, err := server.Run(ctx, r.slice)
		if err != nil {
			return nil, err
		}
		if mine.Result.Unanswered() != nil {
			made++
			break // the server hangs, and the next slice would too
		}
		its, err := y.Run(ctx, yardstickSlice)
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
		RelativeCPU: stat.Median(cpu).Value, RelativeThroughput: stat.Median(throughput).Value,
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
