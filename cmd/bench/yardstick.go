package bench

import (
	"context"
	"errors"
	"slices"

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

func startYardstick(ctx context.Context, cpus cpuset.CPUs) (y yard, err error) {
	y.process, err = measure.Start(ctx, cpus, child.Command{Name: YardstickCommand, Args: []string{YardstickCommand}})
	if err != nil {
		return yard{}, err
	}
	y.Subject = sample.Subject{PID: y.process.PID}
	y.Load, err = loadgen.Open(loadgen.Attack{
		Target: loadgen.Target{URL: y.process.URL + "/"}, Connections: yardstickConnections, Timeout: requestTimeout, Engine: loadgen.Loop,
	})
	if err != nil {
		return yard{}, errors.Join(err, y.process.Stop(ctx))
	}
	return y, nil
}

func (y yard) stop(ctx context.Context) error {
	y.Load.Close()
	return y.process.Stop(ctx)
}

// turns goes to and fro between the server and the yardstick, and holds each slice of the one against the slice of the other beside it.
func turns(ctx context.Context, r rung, server measure.Loaded, y yard) (*results.Yardstick, error) {
	var ofYard measure.Spent
	var cpu, throughput []float64 // of the server over the yardstick, slice by slice
	for range r.slices {
		mine, err := server.Spend(ctx, r.slice)
		if err != nil {
			return nil, err
		}
		its, err := y.Spend(ctx, slice)
		if err != nil {
			return nil, err
		}
		ofYard.Add(its)
		if a, b := mine.PerRequest(), its.PerRequest(); a > 0 && b > 0 {
			cpu = append(cpu, a/b)
		}
		if a, b := mine.Throughput(), its.Throughput(); a > 0 && b > 0 {
			throughput = append(throughput, a/b)
		}
	}
	return &results.Yardstick{
		Slices: r.slices, CPUUS: ofYard.PerRequest(), ThroughputRPS: ofYard.Throughput(),
		CPUs: slices.Clone(cpu), RelativeCPU: median(cpu), RelativeThroughput: median(throughput),
	}, nil
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
