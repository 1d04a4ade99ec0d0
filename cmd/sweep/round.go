package sweep

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"nodecompare/cmd/hosts"
	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/servers"
)

// round is one server of each mode, side by side. They take turns: in a cell one mode runs right
// after the other, while the rest are idle, so that a change of the machine between rounds or cells
// affects all of them.
type round struct {
	plan    *Plan
	number  int
	into    *results.Map
	say     func(string)
	servers []*server
	field   field        // of several hosts
	tally   *hosts.Tally // of all rounds
}

// server is a running server.
type server struct {
	standing
	mode     string
	unsteady bool // its warm-up ended at the cap
	failed   bool
}

// standing is a running server, of this machine or of another one, and the loads that it bears.
type standing interface {
	warm(ctx context.Context, o loadgen.WarmUpOptions) (steady bool, err error)
	load(ctx context.Context, at results.MapPoint, unsteady bool) (loaded, error)
	Err() error // its own end; nil while it runs, or if that is not known here
	Stop(ctx context.Context) error
}

// loaded is what came of a load.
type loaded struct {
	result *loadgen.Result
	shares float64        // of requests, in the run's span
	cpu    *time.Duration // of the server; nil if it is not known
	trust  results.Trust
}

// mostLost bounds how often the servers of a round are started, while hosts are lost.
const mostLost = 3

// run makes the round. A host that is lost for good is an error, and ends the map.
func (r *round) run(ctx context.Context, places []results.MapPoint, random *rand.Rand) error {
	_, err := r.gather(ctx)
	if err == nil {
		err = r.begin(ctx)
	}
	for _, at := range places {
		for _, i := range random.Perm(len(r.plan.modes)) {
			if err == nil && ctx.Err() == nil {
				err = r.visit(ctx, r.plan.modes[i].Name, at)
			}
		}
	}
	for _, s := range r.servers {
		if err := s.Stop(ctx); err != nil && !s.failed {
			r.failure(ctx, s.mode, err)
		}
	}
	return err
}

// begin starts a server of each mode and warms it up, and all of them anew if a host is lost.
func (r *round) begin(ctx context.Context) error {
	for try := 1; ; try++ {
		err := r.start(ctx)
		if err == nil || ctx.Err() != nil || try == mostLost {
			return err
		}
		r.say(fmt.Sprintf("round %d begins anew: %v", r.number, err))
		if _, err := r.gather(ctx); err != nil {
			return err
		}
	}
}

// start starts the servers. A lost host is a *hosts.Voided.
func (r *round) start(ctx context.Context) error {
	r.servers = nil
	for _, m := range r.plan.modes {
		on, err := r.stand(ctx, m)
		s := &server{standing: on, mode: m.Name}
		if err == nil {
			r.servers = append(r.servers, s)
			var steady bool
			steady, err = s.warm(ctx, measure.WarmUp(m.Compiles))
			s.unsteady = !steady
		}
		if errors.As(err, new(*hosts.Voided)) {
			return err
		}
		r.check(ctx, s, err)
	}
	return nil
}

// stand starts a mode's server.
func (r *round) stand(ctx context.Context, m *servers.Mode) (standing, error) {
	if r.plan.hosts != nil {
		return r.serve(ctx, m)
	}
	c, err := m.Command(servers.NoUpstream, nil, 1)
	if err != nil {
		return nil, err
	}
	p, err := measure.Start(ctx, r.plan.split.Server, c)
	if err != nil {
		return nil, err
	}
	return &local{p, r.plan}, nil
}

// visit measures a mode's server in a cell, and once more if the run is VOID, because the cause is
// usually the machine's and soon over. A server that failed in this round is passed over.
func (r *round) visit(ctx context.Context, mode string, at results.MapPoint) error {
	for try := 1; ; try++ {
		i := slices.IndexFunc(r.servers, func(s *server) bool { return s.mode == mode })
		if i < 0 || r.servers[i].failed || ctx.Err() != nil {
			return nil
		}
		s := r.servers[i]
		run := results.MapRun{MapPoint: at, Mode: mode, Round: r.number}
		err := r.measure(ctx, s, &run)
		var gone error
		if voided, ok := errors.AsType[*hosts.Voided](err); ok && ctx.Err() == nil {
			run.Trust, err = &results.Trust{Status: results.Void, Reasons: []string{voided.Why}}, nil
			gone = r.lost(ctx, voided)
		}
		if err != nil {
			r.check(ctx, s, fmt.Errorf("wait %d ms, CPU %d µs, %d connections: %w", at.WaitMS, at.CPUUS,
				at.Connections, err))
			return nil
		}
		if gone == nil && run.Trust.Status == results.Void && try == 1 {
			continue
		}
		r.into.Runs = append(r.into.Runs, run)
		return gone
	}
}

// lost waits for a host that was lost, and starts the servers anew if it was theirs.
func (r *round) lost(ctx context.Context, how *hosts.Voided) error {
	r.say(fmt.Sprintf("round %d: %v", r.number, how))
	anew, err := r.gather(ctx)
	if err == nil && anew {
		return r.begin(ctx)
	}
	return err
}

// measure fills in a run.
func (r *round) measure(ctx context.Context, s *server, run *results.MapRun) error {
	its, err := s.load(ctx, run.MapPoint, s.unsteady)
	if err != nil {
		return err
	}
	if dead := s.Err(); dead != nil {
		return dead
	}
	run.Requests, run.Errors, run.Trust = its.result.Requests, its.result.Errors, &its.trust
	run.ThroughputRPS = its.shares / r.plan.timesOf(run.MapPoint).Length.Seconds()
	if answered := run.Requests - run.Errors; answered > 0 && its.cpu != nil {
		run.PerRequestUS = float64(its.cpu.Nanoseconds()) / 1e3 / float64(answered)
	}
	return nil
}

// check removes a server whose run failed from the round.
func (r *round) check(ctx context.Context, s *server, err error) {
	if err == nil {
		return
	}
	s.failed = true
	if s.standing != nil {
		if dead := s.Err(); dead != nil {
			err = dead // the server's own end explains the errors that followed
		}
	}
	r.failure(ctx, s.mode, err)
}

func (r *round) failure(ctx context.Context, mode string, err error) {
	if ctx.Err() == nil { // else it is a consequence of ctx's end
		r.into.Failures = append(r.into.Failures, fmt.Sprintf("%s, round %d: %v", mode, r.number, err))
	}
}
