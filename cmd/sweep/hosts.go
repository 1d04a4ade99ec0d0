package sweep

import (
	"context"
	"errors"

	"nodecompare/cluster"
	"nodecompare/cmd/hosts"
	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/servers"
)

// reduced says how the figures of a run follow from those of the hosts that make load.
var reduced = map[string]string{
	"requests": hosts.Reduced["requests"], "errors": hosts.Reduced["errors"],
	"throughput_rps":     "sum of each host's requests in the window, by the shares of their lives in it",
	"cpu_us_per_request": "CPU time on the serving host over the sum of requests without error",
}

// UseHosts says which hosts the plan runs on.
func (p *Plan) UseHosts(g *hosts.Group) { p.hosts = g }

// field are the hosts of a map as they are now: who serves, and who makes load.
type field struct {
	serving *cluster.Agent
	loading []*cluster.Agent
}

// remote is a server on the serving host.
type remote struct {
	*hosts.Server
	round *round
}

// Err returns nil: the end of a server on another host is the error of its load.
func (s *remote) Err() error { return nil }

// Stop stops the server. One whose host is lost has been stopped there.
func (s *remote) Stop(ctx context.Context) error {
	parting, cancel := hosts.Parting(ctx)
	defer cancel()
	err := s.Server.Stop(parting)
	if errors.As(err, new(*hosts.Voided)) {
		return nil
	}
	return err
}

// open opens the connections of the hosts that make load.
func (s *remote) open(ctx context.Context, at results.MapPoint) (*hosts.Load, error) {
	p, loading := s.round.plan, s.round.field.loading
	return hosts.Open(ctx, loading[:min(len(loading), at.Connections)], p.attack(s.URL, at), p.timesOf(at).Span)
}

// closed closes connections, and adds what went wrong to an error.
func closed(ctx context.Context, l *hosts.Load, err error) error {
	parting, cancel := hosts.Parting(ctx)
	defer cancel()
	if closing := l.Close(parting); err == nil {
		return closing
	}
	return err
}

func (s *remote) warm(ctx context.Context, o loadgen.WarmUpOptions) (steady bool, err error) {
	l, err := s.open(ctx, results.MapPoint{Connections: warmConnections})
	if err != nil {
		return false, err
	}
	w, _, err := l.Warm(ctx, s.Server, o)
	return w.Steady, closed(ctx, l, err)
}

func (s *remote) load(ctx context.Context, at results.MapPoint, unsteady bool) (loaded, error) {
	l, err := s.open(ctx, at)
	if err != nil {
		return loaded{}, err
	}
	j, err := l.Run(ctx, s.round.plan.timesOf(at).run(), s.Server)
	if err = closed(ctx, l, err); err != nil {
		return loaded{}, err
	}
	s.round.tally.Add(s.Agent, j)
	its := loaded{result: j.Result, shares: j.Shares, trust: j.Weigh(unsteady)}
	if w := j.Watched.Server; w != nil {
		its.cpu = &w.CPU
	}
	return its, nil
}

// serve starts a mode's server beside those that run, on the serving host.
func (r *round) serve(ctx context.Context, m *servers.Mode) (standing, error) {
	s, err := hosts.Serve(ctx, r.field.serving, hosts.Job{Mode: m.Name, Beside: true})
	if err != nil {
		return nil, err
	}
	return &remote{s, r}, nil
}

// gather waits until the group is whole. anew reports that another agent serves than before, with
// whose servers nothing more can be measured.
func (r *round) gather(ctx context.Context) (anew bool, err error) {
	if r.plan.hosts == nil {
		return false, nil
	}
	serving, loading, err := r.plan.hosts.Now(ctx, r.say)
	if err != nil {
		return false, err
	}
	anew = serving != r.field.serving
	r.field = field{serving, loading}
	return anew, nil
}
