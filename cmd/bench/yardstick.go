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
	load    *loadgen.Generator
}

// withYardstick runs use with a yardstick beside the server, which ends the context of use when it dies, and is the error.
func withYardstick(ctx context.Context, cpus cpuset.CPUs, use func(context.Context, yard) error) error {
	command := child.Command{Name: YardstickCommand, Helper: true, Args: []string{YardstickCommand}}
	return measure.WithServer(ctx, cpus, command, func(ctx context.Context, p *child.Process) error {
		load, err := loadgen.Open(loadgen.Attack{
			Target: loadgen.Target{URL: p.URL + "/"}, Connections: yardstickConnections, Timeout: requestTimeout, Engine: loadgen.Loop,
		})
		if err != nil {
			return err
		}
		defer load.Close()
		return use(ctx, yard{p, load})
	})
}

// turns goes to and fro between the server and the yardstick, and adds up what each gave. It ends early with a slice that goes
// unanswered, and when the slices take longer than planned by a request's timeout.
func turns(ctx context.Context, r rung, of sample.Subject, server *loadgen.Generator, y yard) (*loadgen.Result, *results.Yardstick, error) {
	if _, err := y.load.Run(ctx, slice); err != nil { // opens its connections
		return nil, nil, err
	}
	var sum, ofYard spent
	var cpu, throughput []float64 // of the server over the yardstick, slice by slice
	overdue := time.Now().Add(2*r.duration + requestTimeout)
	made := 0
	for ; made < r.slices && (made < 2 || time.Now().Before(overdue)); made++ {
		mine, err := spend(ctx, of, server, r.duration/time.Duration(r.slices))
		sum.add(mine)
		if err != nil {
			return sum.result, nil, err
		}
		if mine.result.Unanswered() != nil {
			made++
			break // the server hangs: it would be the same again
		}
		its, err := spend(ctx, sample.Subject{PID: y.process.PID}, y.load, slice)
		ofYard.add(its)
		if err != nil {
			return sum.result, nil, err
		}
		if a, b := mine.perRequest(), its.perRequest(); a > 0 && b > 0 {
			cpu = append(cpu, a/b)
		}
		if a, b := mine.throughput(), its.throughput(); a > 0 && b > 0 {
			throughput = append(throughput, a/b)
		}
	}
	return sum.result, &results.Yardstick{
		Slices: made, CPUUS: ofYard.perRequest(), ThroughputRPS: ofYard.throughput(),
		RelativeCPU: median(cpu), RelativeThroughput: median(throughput),
	}, nil
}

// spent is what one slice, or all of them, gave, and what the server used for it.
type spent struct {
	result *loadgen.Result
	cpu    time.Duration // 0 where the system does not tell
}

func spend(ctx context.Context, of sample.Subject, g *loadgen.Generator, d time.Duration) (spent, error) {
	before, err := measure.CPUTime(of)
	if err != nil {
		return spent{}, err
	}
	result, err := g.Run(ctx, d)
	if err != nil {
		return spent{result: result}, err
	}
	after, err := measure.CPUTime(of)
	if err != nil {
		return spent{result: result}, err
	}
	return spent{result, max(0, after-before)}, nil
}

func (s *spent) add(other spent) {
	s.cpu += other.cpu
	switch {
	case s.result == nil:
		s.result = other.result
	case other.result != nil:
		s.result.Add(other.result)
	}
}

func (s spent) answered() float64 { return float64(s.result.Requests - s.result.Errors) }

// perRequest is in microseconds; 0 where it is not known.
func (s spent) perRequest() float64 {
	if s.answered() == 0 {
		return 0
	}
	return s.cpu.Seconds() * 1e6 / s.answered()
}

func (s spent) throughput() float64 {
	if s.result.Elapsed <= 0 {
		return 0
	}
	return s.answered() / s.result.Elapsed.Seconds()
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
