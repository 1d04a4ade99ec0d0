package sweep

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
	"nodecompare/results/unit"
	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/servers/workload"
)

// Run makes the map and reports each round to say. When ctx ends, Run stops at once, leaves no
// child behind, and returns the map so far, marked as partial, with ctx's error. A failed server is
// named in the map, and has no further runs in that round. If this process cannot be pinned, there
// is no map.
func Run(ctx context.Context, p *Plan, say func(string)) (*results.Map, error) {
	began := time.Now()
	m := &results.Map{
		Tool: results.Tool, MapVersion: results.MapVersion, ToolVersion: measure.ToolVersion(),
		Started: began.UTC().Truncate(time.Millisecond), Host: measure.Host(), Settings: p.settings,
		Runs: []results.MapRun{},
	}
	err := measure.Pinned(p.split, func() error {
		random := rand.New(rand.NewPCG(p.settings.Seed, 0))
		for n := 1; n <= p.settings.Rounds && ctx.Err() == nil; n++ {
			left := p.Duration() * time.Duration(p.settings.Rounds+1-n) / time.Duration(p.settings.Rounds)
			say(fmt.Sprintf("round %d of %d; %s", n, p.settings.Rounds, unit.Elapsed(time.Since(began), left)))
			r := round{plan: p, number: n, into: m}
			r.run(ctx, p.order(random), random)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	m.ElapsedS = float64(time.Since(began).Milliseconds()) / 1e3
	m.Partial = ctx.Err() != nil
	m.Judge()
	return m, context.Cause(ctx)
}

// Failed returns an error if a server failed.
func Failed(m *results.Map) error {
	if len(m.Failures) > 0 {
		return fmt.Errorf("%s: see the lines marked FAILED", unit.Counted(len(m.Failures), "run")+" failed")
	}
	return nil
}

// round is one server of each mode, side by side. They take turns: in a cell one mode runs right
// after the other, while the rest are idle, so that a change of the machine between rounds or cells
// affects all of them.
type round struct {
	plan    *Plan
	number  int
	into    *results.Map
	servers []*server
}

// server is a running server.
type server struct {
	*child.Process
	mode     string
	unsteady bool // its warm-up ended at the cap
	failed   bool
}

func (r *round) run(ctx context.Context, places []results.MapPoint, random *rand.Rand) {
	for _, m := range r.plan.modes {
		p, err := r.start(ctx, m)
		if err != nil {
			r.failure(ctx, m.Name, err)
			continue
		}
		s := &server{Process: p, mode: m.Name}
		r.servers = append(r.servers, s)
		r.check(ctx, s, r.warm(ctx, s, m))
	}
	for _, at := range places {
		for _, i := range random.Perm(len(r.servers)) {
			if s := r.servers[i]; !s.failed && ctx.Err() == nil {
				r.check(ctx, s, r.visit(ctx, s, at))
			}
		}
	}
	for _, s := range r.servers {
		if err := s.Stop(ctx); err != nil && !s.failed {
			r.failure(ctx, s.mode, err)
		}
	}
}

func (r *round) start(ctx context.Context, m *servers.Mode) (*child.Process, error) {
	c, err := m.Command(servers.NoUpstream, nil, 1)
	if err != nil {
		return nil, err
	}
	return measure.Start(ctx, r.plan.split.Server, c)
}

// check removes a server whose run failed from the round.
func (r *round) check(ctx context.Context, s *server, err error) {
	if err == nil {
		return
	}
	s.failed = true
	if dead := s.Err(); dead != nil {
		err = dead // the server's own end explains the errors that followed
	}
	r.failure(ctx, s.mode, err)
}

func (r *round) failure(ctx context.Context, mode string, err error) {
	if ctx.Err() == nil { // else it is a consequence of ctx's end
		r.into.Failures = append(r.into.Failures, fmt.Sprintf("%s, round %d: %v", mode, r.number, err))
	}
}

// warm warms a server up with requests that neither wait nor compute.
func (r *round) warm(ctx context.Context, s *server, m *servers.Mode) error {
	g, err := loadgen.Open(r.attack(s, results.MapPoint{Connections: warmConnections}))
	if err != nil {
		return err
	}
	defer g.Close()
	w, err := measure.Warm(ctx, measure.Loaded{Subject: sample.Subject{PID: s.PID}, Load: g}, nil,
		measure.WarmUp(m.Compiles))
	s.unsteady = !w.Steady
	return err
}

func (r *round) attack(s *server, at results.MapPoint) loadgen.Attack {
	wait, cpu := time.Duration(at.WaitMS)*time.Millisecond, time.Duration(at.CPUUS)*time.Microsecond
	return loadgen.Attack{
		Target: loadgen.Target{URL: s.URL + workload.MixTarget(wait, cpu)}, Connections: at.Connections,
		Engine: loadgen.Loop, Threads: r.plan.settings.LoadThreads,
		Timeout: requestTimeout + 10*cycle(at),
		Server:  []sample.Subject{{PID: s.PID}}, // the other servers are idle meanwhile
	}
}
