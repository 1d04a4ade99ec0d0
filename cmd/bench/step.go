package bench

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"time"

	"nodecompare/cmd/evidence"
	"nodecompare/loadgen"
	"nodecompare/results"
)

const sampleInterval = 20 * time.Millisecond

// step puts one rung of load on the server and samples it, the generator and the host meanwhile.
func (b *bench) step(ctx context.Context, pid int, a loadgen.Attack, r rung, unsteady bool) (results.Rung, error) {
	a.Connections = r.connections
	g, err := loadgen.Open(a)
	if err != nil {
		return results.Rung{}, err
	}
	defer g.Close()
	if _, err := g.Run(ctx, r.settle); err != nil {
		return results.Rung{}, err
	}
	cpus := b.cpus()
	var result *loadgen.Result
	var others loadgen.Interference
	windows, err := watched([]int{pid, os.Getpid()}, func() error {
		before, err := loadgen.ReadHost(cpus)
		if err != nil {
			return err
		}
		if result, err = g.Run(ctx, r.duration); err != nil {
			return err
		}
		after, err := loadgen.ReadHost(cpus)
		others = after.Since(before)
		return err
	})
	if err != nil {
		return results.Rung{}, err
	}
	rung := measured(r, result, windows[0])
	e := evidence.From(a, result, windows[1], b.generatorCores(), &others)
	e.Unsteady = unsteady
	trust := results.Weigh(e)
	rung.Trust = &trust
	return rung, nil
}

// cpus are those of server and generator; nil for all.
func (b *bench) cpus() loadgen.CPUs {
	if s := b.plan.split; s.Pinned() && !b.plan.auto {
		return slices.Concat(s.Server, s.Generator)
	}
	return b.plan.allowed // auto shares all of them out
}

func (b *bench) generatorCores() int {
	if s := b.plan.split; s.Pinned() {
		return len(s.Generator)
	}
	return runtime.NumCPU()
}

// watched runs a load with a window on each process; a window is nil where the system does not tell. The last one is closed
// first: the generator's own must not hold what it costs to close that of a server with a thousand threads.
func watched(pids []int, load func() error) ([]*loadgen.Window, error) {
	watchers := make([]*loadgen.Watcher, len(pids))
	windows := make([]*loadgen.Window, len(pids))
	stop := func() (err error) {
		for i, w := range slices.Backward(watchers) {
			if w == nil {
				continue
			}
			window, stopErr := w.Stop()
			windows[i], err = &window, errors.Join(err, stopErr)
		}
		return err
	}
	for i, pid := range pids {
		w, err := loadgen.Watch(pid, sampleInterval)
		if err != nil && !errors.Is(err, loadgen.ErrUnsupported) {
			return nil, errors.Join(err, stop())
		}
		watchers[i] = w
	}
	err := load()
	return windows, errors.Join(err, stop())
}

// measured puts what the load and the window told into the record's form.
func measured(r rung, l *loadgen.Result, w *loadgen.Window) results.Rung {
	rung := results.Rung{
		Connections: r.connections, ElapsedS: seconds(l.Elapsed), Requests: l.Requests, Errors: l.Errors,
		ErrorKinds: l.ErrorKinds, ErrorExamples: l.ErrorExamples, Codes: l.Codes,
	}
	answered := float64(rung.Answered())
	if answered > 0 && l.Elapsed > 0 {
		rung.LatencyUS = evidence.Latency(l.Latency)
		rung.ThroughputRPS = answered / l.Elapsed.Seconds()
		rung.InFlight = rung.ThroughputRPS * rung.LatencyUS.Mean / 1e6
	}
	if w == nil {
		return rung
	}
	rung.Process = &results.Process{
		CPUS: seconds(w.CPU), Threads: w.ThreadsPeak, RSSBytes: w.RSSPeak,
		VoluntarySwitches: w.VoluntarySwitches, InvoluntarySwitches: w.InvoluntarySwitches,
	}
	if answered > 0 {
		rung.Process.CPUUSPerRequest = float64(w.CPU.Nanoseconds()) / 1e3 / answered
	}
	return rung
}
