package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
	"nodecompare/servers"
	"nodecompare/servers/child"
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
	t := results.Trial{
		Workload: s.workload.Name, Mode: s.name, Round: s.round, Standing: s.mode.standing(),
		Started: began.UTC().Truncate(time.Millisecond), Rungs: []results.Rung{},
	}
	err := b.served(ctx, s, func(ctx context.Context, h *host) error {
		y, err := startYardstick(ctx, b.plan.serverCPUs(s.workload))
		if err != nil {
			return err
		}
		h.yard, h.began = y, began
		h.beside = append(h.beside, sample.Subject{PID: y.process.PID})
		return errors.Join(b.climb(ctx, h, s, &t), y.stop(ctx))
	})
	t.ElapsedS = seconds(time.Since(began))
	switch failure, ok := errors.AsType[*child.Failure](err); {
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

// host is a running server under load.
type host struct {
	server running
	attack loadgen.Attack // on the workload, with no connections and no rate yet
	yard   yard
	beside []sample.Subject // further processes of ours: the yardstick, and an upstream
	began  time.Time        // of the trial
}

// served runs use with a fresh server of the slot's mode, and stops it. A server that dies ends the context of use, and is the
// error.
func (b *bench) served(ctx context.Context, s slot, use func(context.Context, *host) error) (err error) {
	upstream := servers.NoUpstream
	var beside []sample.Subject
	if s.workload.Upstream {
		// In a process of its own, so that what it costs is not counted as the server's; and on the generator's CPUs, so that the
		// server has its own to itself: it stands for a service on another machine.
		up, err := measure.Start(ctx, b.plan.split.Generator, servers.Ours("upstream", "async", upstream))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, up.Stop(ctx)) }()
		upstream = up.URL + workload.UpstreamPath
		beside = append(beside, sample.Subject{PID: up.PID})
	}
	server, err := b.plan.run(ctx, s, upstream)
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := server.stop(ctx); stopErr != nil {
			err = stopErr // that it died says more than the errors it led to
		}
	}()
	// It ends the load at once: without that every connection would be tried again until the rung's end.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-server.done():
			cancel(server.err())
		case <-ctx.Done():
		}
	}()
	err = use(ctx, &host{server: server, beside: beside, attack: loadgen.Attack{Target: s.target(server.url), Timeout: requestTimeout, Engine: b.plan.engine(0)}})
	if errors.Is(err, sample.ErrEnded) && server.process != nil {
		<-server.done() // seen dead before it was reaped: its exit state comes with that
	}
	if err != nil {
		err = errors.Join(server.err(), err)
	}
	return err
}

// climb warms the server up and goes through the rungs.
func (b *bench) climb(ctx context.Context, h *host, s slot, t *results.Trial) (err error) {
	if t.WarmUp, err = b.warm(ctx, h, s); err != nil {
		return err
	}
	for _, r := range s.rungs {
		rate := b.rate(s, r)
		if r.surge != nil {
			rate = b.calmRate(s, *t)
		}
		if rate == 0 && r.load != results.Closed {
			continue
		}
		measured, err := b.reliably(r.settle+r.duration, func() (results.Rung, error) {
			return b.amid(ctx, h, s, r, func() (results.Rung, error) { return b.step(ctx, h, r, rate, !t.WarmUp.Steady) })
		})
		if err != nil {
			return fmt.Errorf("at %d connections: %w", r.connections, err)
		}
		t.Rungs = append(t.Rungs, measured)
		b.progress.Step(s.name, s.workload.Name, s.round, r.connections, s.rungTime(r))
	}
	return nil
}

// rate is what a rung offers, in requests per second; 0 for a closed load, and for an open one that is left out: its rate is not
// known, or the share of the mode's own capacity is the common rate.
func (b *bench) rate(s slot, r rung) float64 {
	if r.rate > 0 {
		return r.rate
	}
	for _, known := range b.rates {
		if known.Workload != s.workload.Name || known.Mode != s.name {
			continue
		}
		switch {
		case r.load == results.Common:
			return known.CommonRPS
		case r.load == results.Own && known.OwnRPS > known.CommonRPS:
			return known.OwnRPS
		}
	}
	return 0
}

// target is what is asked of the slot's server, of which the URL has no path.
func (s slot) target(url string) loadgen.Target {
	w := s.workload
	t := loadgen.Target{Method: w.Method, URL: url + s.mode.target(w)}
	if w.Body != "" {
		t.Header = http.Header{"Content-Type": {w.ContentType}}
		t.Body = []byte(w.Body)
	}
	return t
}

// warm lets the server grow its heap, its stacks and its caches, until its throughput is steady.
func (b *bench) warm(ctx context.Context, h *host, s slot) (*results.WarmUp, error) {
	a := h.attack
	a.Connections = warmConnections
	g, err := loadgen.Open(a)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	w, err := loadgen.Warm(ctx, g.Run, s.settling(b.plan.profile))
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
