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
	// requestTimeout is far above what any rung leads to, for a server that still answers: a queue of 10,000 at 2,000 a second.
	requestTimeout = 5 * time.Second
)

// trial starts a fresh server, climbs the ladder, and stops it.
func (b *bench) trial(ctx context.Context, s slot) results.Trial {
	began := time.Now()
	t := results.Trial{Workload: s.workload.Name, Mode: s.mode.Name, Round: s.round, Started: began.UTC().Truncate(time.Millisecond), Rungs: []results.Rung{}}
	err := b.climb(ctx, s, &t)
	t.ElapsedS = seconds(time.Since(began))
	switch failure, ok := errors.AsType[*servers.Failure](err); {
	case ctx.Err() != nil:
		t.Interrupted = true // whatever failed then, failed because of that
	case ok:
		t.Failure, t.Stderr = err.Error(), failure.Stderr
	case err != nil:
		t.Failure = err.Error()
	}
	trust := t.Weigh()
	t.Trust = &trust
	return t
}

func (b *bench) climb(ctx context.Context, s slot, t *results.Trial) (err error) {
	upstream := "none"
	if s.workload.Name == "api" {
		// In a process of its own, so that what it costs is not counted as the server's; and on the generator's CPUs, so that the
		// server has its own to itself: it stands for a service on another machine.
		up, err := startServer(ctx, b.plan.split.Generator, "upstream", "async", upstream)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, up.Stop(ctx)) }()
		upstream = up.URL + workload.UpstreamPath
	}
	server, err := startServer(ctx, b.plan.serverCPUs(s.workload), s.mode.Name, s.mode.Name, upstream)
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := server.Stop(ctx); stopErr != nil {
			err = stopErr // that it died says more than the errors it led to
		}
	}()
	attack := loadgen.Attack{Target: target(server, s.workload), Timeout: requestTimeout, Engine: b.plan.settings.Engine}
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
	if t.WarmUp, err = warm(ctx, attack, s.settling(b.plan.profile)); err != nil {
		return errors.Join(server.Err(), err)
	}
	for _, r := range s.rungs {
		measured, err := b.reliably(r.settle+r.duration, func() (results.Rung, error) {
			return b.step(ctx, server.PID, attack, r, !t.WarmUp.Steady)
		})
		if errors.Is(err, loadgen.ErrEnded) {
			<-server.Done() // seen dead before it was reaped: its exit state comes with that
		}
		if err != nil {
			return errors.Join(server.Err(), fmt.Errorf("at %d connections: %w", r.connections, err))
		}
		t.Rungs = append(t.Rungs, measured)
		b.progress.Step(s.mode.Name, s.workload.Name, s.round, r.connections, s.rungTime(r))
	}
	return nil
}

func target(server *servers.Process, w workload.Workload) loadgen.Target {
	t := loadgen.Target{Method: w.Method, URL: server.URL + w.Target}
	if w.Body != "" {
		t.Header = http.Header{"Content-Type": {w.ContentType}}
		t.Body = []byte(w.Body)
	}
	return t
}

// startServer starts this very tool as a server, on the given CPUs where there are any. Only the mode differs between
// servers that are compared.
func startServer(ctx context.Context, cpus loadgen.CPUs, name, mode, upstream string) (p *servers.Process, err error) {
	err = loadgen.Pinned(cpus, func() error {
		p, err = servers.Start(ctx, servers.Command{
			Name: name,
			Args: []string{"serve", "--mode=" + mode, "--addr=127.0.0.1:0", "--upstream=" + upstream},
		})
		return err
	})
	if err != nil && p != nil { // it runs, but this thread could not be given its CPUs back
		return nil, errors.Join(err, p.Stop(ctx))
	}
	return p, err
}

// warm lets the server grow its heap, its stacks and its caches, until its throughput is steady.
func warm(ctx context.Context, a loadgen.Attack, s loadgen.Settling) (*results.WarmUp, error) {
	a.Connections = warmConnections
	g, err := loadgen.Open(a)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	w, err := loadgen.Warm(ctx, g.Run, s)
	return &results.WarmUp{TookS: seconds(w.Took), Windows: w.Windows, Steady: w.Steady, Errors: w.Errors}, err
}

// reliably makes a run, and makes it once more when it is VOID, while there is time to spare: what made it so is, as a rule, the
// machine's and soon over.
func (b *bench) reliably(took time.Duration, run func() (results.Rung, error)) (results.Rung, error) {
	first, err := run()
	if err != nil || first.Trust.Status != results.Void || took > b.spare {
		return first, err
	}
	b.spare -= took
	second, err := run()
	second.Voided = first.Trust
	return second, err
}
