package bench

import (
	"context"
	"math"
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

// startYardstick starts a yardstick, calls use, and stops the yardstick. If it dies, use's context
// is cancelled and its failure is returned.
func startYardstick(ctx context.Context, cpus cpuset.CPUs, use func(context.Context, loadedYardstick) error) error {
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
		return use(ctx, loadedYardstick{p, measure.Loaded{Subject: sample.Subject{PID: p.PID}, Load: load}})
	})
}

// alternate drives the server and the yardstick in turn, slice by slice, and returns the medians of
// the server's figures over the yardstick's in the neighbouring slice. It ends early at an
// unanswered slice, and when the slices take longer than planned by a request's timeout. A server
// that compiles itself as it runs gets more slices until their median is known well, because its
// slices vary far more.
func alternate(ctx context.Context, t *target, r rung, load *loadgen.Generator) (*results.Yardstick, error) {
	server, y := measure.Loaded{Subject: t.server.sampled, Load: load}, t.yardstick
	most := r.slices
	if t.compiles {
		most *= moreSlices
	}
	var ofYard measure.RunCost
	var cpu, throughput []float64 // of the server over the yardstick, slice by slice
	overdue := time.Now().Add(2*time.Duration(most)*r.slice + requestTimeout)
	made := 0
	for ; (made < r.slices || made < most && !known(cpu)) && (made < 2 || time.Now().Before(overdue)); made++ {
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
		ofYard.Add(its)
		if a, b := mine.PerRequest(), its.PerRequest(); a > 0 && b > 0 {
			cpu = append(cpu, a/b)
		}
		if a, b := mine.Throughput(), its.Throughput(); a > 0 && b > 0 {
			throughput = append(throughput, a/b)
		}
	}
	return &results.Yardstick{
		Slices: made, CPUUS: ofYard.PerRequest(), ThroughputRPS: ofYard.Throughput(),
		CPUs: cpu, RelativeCPU: stat.Median(cpu).Value, RelativeThroughput: stat.Median(throughput).Value,
	}, nil
}

const (
	moreSlices = 4    // times the planned number, at most
	knownTo    = 0.03 // standard error of the median
)

// known reports whether the median of the values is known well. Its standard error is √(π/2) times
// that of their mean.
func known(values []float64) bool {
	n := float64(len(values))
	if n < 2 {
		return false
	}
	var sum, squares float64
	for _, v := range values {
		l := math.Log(v)
		sum, squares = sum+l, squares+l*l
	}
	variance := max(0, squares-sum*sum/n) / (n - 1)
	return math.Sqrt(math.Pi/2*variance/n) <= knownTo
}
