package bench

import (
	"context"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen/sample"
	"nodecompare/servers/child"
)

// running is a server to put load on: one that was started for it, or one that ran before and goes on.
type running struct {
	url     string         // no slash at the end
	sampled sample.Subject // nobody where its figures are not to be had
	process *child.Process // nil for one that was not started here
}

var nobody sample.Subject

// run starts the server of a slot, or finds the one that runs already.
func (p *Plan) run(ctx context.Context, s slot, upstream string) (running, error) {
	if s.mode.standing() {
		return s.mode.user.found(), nil
	}
	command, err := s.mode.command(upstream)
	if err != nil {
		return running{}, err
	}
	process, err := measure.Start(ctx, p.serverCPUs(s.workload), command)
	if err != nil {
		return running{}, err
	}
	r := running{process.URL, sample.Subject{PID: process.PID}, process}
	if s.mode.user != nil {
		r.sampled.Scope = sample.Below
	}
	return r, nil
}

// done is closed when it has ended; never for one that was not started here.
func (r running) done() <-chan struct{} {
	if r.process == nil {
		return nil
	}
	return r.process.Done()
}

func (r running) err() error {
	if r.process == nil {
		return nil
	}
	return r.process.Err()
}

func (r running) stop(ctx context.Context) error {
	if r.process == nil {
		return nil
	}
	return r.process.Stop(ctx)
}
