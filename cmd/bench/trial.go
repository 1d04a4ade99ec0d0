package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/servers"
	"nodecompare/servers/workload"
)

const (
	warmConnections = 8
	sampleInterval  = 20 * time.Millisecond
	// requestTimeout is far above what any rung leads to, for a server that still answers: a queue of 10,000 at 2,000 a second.
	requestTimeout = 5 * time.Second
)

// runTrial starts a fresh server, climbs the ladder, and stops it.
func runTrial(ctx context.Context, s slot, profile Profile, progress Progress) results.Trial {
	began := time.Now()
	t := results.Trial{Workload: s.workload.Name, Mode: s.mode.Name, Round: s.round, Started: began.UTC().Truncate(time.Millisecond), Rungs: []results.Rung{}}
	err := climb(ctx, s, profile, &t, progress)
	t.ElapsedS = seconds(time.Since(began))
	switch failure, ok := errors.AsType[*servers.Failure](err); {
	case ctx.Err() != nil:
		t.Interrupted = true // whatever failed then, failed because of that
	case ok:
		t.Failure, t.Stderr = err.Error(), failure.Stderr
	case err != nil:
		t.Failure = err.Error()
	}
	return t
}

func climb(ctx context.Context, s slot, profile Profile, t *results.Trial, progress Progress) (err error) {
	upstream := "none"
	if s.workload.Name == "api" {
		// In a process of its own, so that what it costs is not counted as the server's.
		up, err := startServer(ctx, "upstream", "async", upstream)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, up.Stop(ctx)) }()
		upstream = up.URL + workload.UpstreamPath
	}
	server, err := startServer(ctx, s.mode.Name, s.mode.Name, upstream)
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := server.Stop(ctx); stopErr != nil {
			err = stopErr // that it died says more than the errors it led to
		}
	}()
	target := loadgen.Target{Method: s.workload.Method, URL: server.URL + s.workload.Target}
	if s.workload.Body != "" {
		target.Header = http.Header{"Content-Type": {s.workload.ContentType}}
		target.Body = []byte(s.workload.Body)
	}
	// A server that dies ends the load at once: without it every connection would be tried again until the rung's end.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-server.Done():
			cancel(server.Err())
		case <-ctx.Done():
		}
	}()
	if err := warm(ctx, target, profile.Warmup); err != nil {
		return errors.Join(server.Err(), err)
	}
	for _, r := range s.rungs {
		measured, err := step(ctx, server.PID, target, r)
		if errors.Is(err, loadgen.ErrEnded) {
			<-server.Done() // seen dead before it was reaped: its exit state comes with that
		}
		if err != nil {
			return errors.Join(server.Err(), err)
		}
		t.Rungs = append(t.Rungs, measured)
		progress.Step(s.mode.Name, s.workload.Name, s.round, r.connections, s.rungTime(r))
	}
	return nil
}

// startServer starts this very tool as a server. Only the mode differs between servers that are compared.
func startServer(ctx context.Context, name, mode, upstream string) (*servers.Process, error) {
	return servers.Start(ctx, servers.Command{
		Name: name,
		Args: []string{"serve", "--mode=" + mode, "--addr=127.0.0.1:0", "--upstream=" + upstream},
	})
}

// warm lets the server grow its heap, its stacks and its caches before anything is measured.
func warm(ctx context.Context, target loadgen.Target, d time.Duration) error {
	_, err := loadgen.Run(ctx, loadgen.Attack{Target: target, Connections: warmConnections, Duration: d, Timeout: requestTimeout})
	return err
}

// step puts one rung of load on the server and samples it meanwhile.
func step(ctx context.Context, pid int, target loadgen.Target, r rung) (results.Rung, error) {
	g, err := loadgen.Open(loadgen.Attack{Target: target, Connections: r.connections, Timeout: requestTimeout})
	if err != nil {
		return results.Rung{}, err
	}
	defer g.Close()
	if _, err := g.Run(ctx, r.settle); err != nil {
		return results.Rung{}, err
	}
	watcher, err := loadgen.Watch(pid, sampleInterval)
	if err != nil && !errors.Is(err, loadgen.ErrUnsupported) {
		return results.Rung{}, err
	}
	result, err := g.Run(ctx, r.duration)
	if watcher == nil {
		return measured(r, result, nil), err
	}
	window, watchErr := watcher.Stop()
	if err = errors.Join(err, watchErr); err != nil {
		return results.Rung{}, fmt.Errorf("at %d connections: %w", r.connections, err)
	}
	return measured(r, result, &window), nil
}

// measured puts what the load and the window told into the record's form.
func measured(r rung, l *loadgen.Result, w *loadgen.Window) results.Rung {
	rung := results.Rung{
		Connections: r.connections, ElapsedS: seconds(l.Elapsed), Requests: l.Requests, Errors: l.Errors,
		ErrorKinds: l.ErrorKinds, ErrorExamples: l.ErrorExamples, Codes: l.Codes,
	}
	answered := float64(rung.Answered())
	if answered > 0 && l.Elapsed > 0 {
		us := func(quantile float64) float64 { return float64(l.Latency.ValueAtQuantile(quantile)) / 1e3 }
		mean := l.Latency.Mean() / 1e3
		rung.LatencyUS = results.Latency{
			Mean: mean, P50: us(50), P90: us(90), P99: us(99), P999: us(99.9), Max: float64(l.Latency.Max()) / 1e3,
		}
		rung.ThroughputRPS = answered / l.Elapsed.Seconds()
		rung.InFlight = rung.ThroughputRPS * mean / 1e6
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
