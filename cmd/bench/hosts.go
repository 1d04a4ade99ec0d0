package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nodecompare/cluster"
	"nodecompare/cmd/hosts"
	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/servers/workload"
)

// checkHosts rejects what a bench on several hosts cannot do.
func (o Options) checkHosts() error {
	if !o.Hosts {
		return nil
	}
	if o.Cores != nil {
		return errors.New("--cores is for servers of this machine: leave it out, or --agents")
	}
	if err := hosts.Check(o.Pin.String(), o.LoadThreads); err != nil {
		return err
	}
	for _, s := range o.Servers {
		if s.URL != "" {
			return fmt.Errorf("server %s: with --agents a server is a command, which the agent with --role=server "+
				"starts; 'load %s --agents=N' measures one that runs", s.Name, s.URL)
		}
	}
	for _, name := range o.Workloads {
		w, err := workloadNamed(name)
		if err == nil && hears(w) {
			return fmt.Errorf("workload %s has connections that hear, whose latency would rest on the clocks of "+
				"several hosts: leave it out, or --agents", name)
		}
		if err == nil && w.Plays {
			return fmt.Errorf("workload %s has viewers, who come one after the other on one machine: leave it out, or "+
				"--agents", name)
		}
		if err == nil && !remote(w) {
			return fmt.Errorf("workload %s needs a service, a database or a second load beside the server, which is "+
				"not there with --agents: take others, as in --workloads=hello,wait", name)
		}
	}
	return nil
}

// remote reports whether a workload needs nothing but its server.
func remote(w workload.Workload) bool {
	_, blast := blastNamed(w.Name)
	return w.Upstream == 0 && !w.Orders && !blast && w.Name != overloadName
}

// onHosts returns the rungs as several hosts run them. The base rung keeps its slices as a mark: no
// turns are taken, as there is no yardstick.
func onHosts(rungs []rung) []rung {
	var all []rung
	for _, r := range rungs {
		if r.surge == nil && r.poison == nil {
			r.duration = max(r.duration, hosts.Least)
			all = append(all, r)
		}
	}
	return all
}

// hostsWarm is the usual time of a warm-up by load from other hosts.
func (s slot) hostsWarm() time.Duration {
	return hosts.WarmTime(s.mode.Compiles)
}

// makeReady makes the plan's modes ready on the serving host.
func (p *Plan) makeReady(ctx context.Context, say func(string)) error {
	var names []string
	for _, s := range p.firstRound() {
		if s.mode.user == nil && !slices.Contains(names, s.mode.Name) {
			names = append(names, s.mode.Name)
		}
	}
	all, err := p.hosts.MakeReady(ctx, names, say)
	if err != nil {
		return err
	}
	for _, r := range all {
		for i, m := range p.settings.Modes {
			if m.Name == r.Mode && r.Runtime != "" {
				p.settings.Modes[i].Summary += " (" + r.Runtime + ")"
			}
		}
		if r.Missing != "" {
			p.leaveOut(r.Mode, errors.New(r.Missing), say)
		}
	}
	if len(p.slots) == 0 {
		return fmt.Errorf("nothing is left to measure: %s", p.settings.Missing[0].Reason)
	}
	return nil
}

// UseHosts says which hosts the plan runs on.
func (p *Plan) UseHosts(g *hosts.Group) { p.hosts = g }

// OnHosts reports whether the plan is for several hosts.
func (p *Plan) OnHosts() bool { return p.apart }

// field is a server under load from other hosts.
type field struct {
	server  *hosts.Server
	loading []*cluster.Agent
	attack  loadgen.Attack // on the workload, without connections and rate
	load    *hosts.Load    // whose connections are open; nil for none
}

// open closes the connections that there are, since they cost a server something, and opens others.
func (f *field) open(ctx context.Context, connections int, rate float64, engine string) (err error) {
	if err = f.close(ctx); err != nil {
		return err
	}
	a := f.attack
	a.Connections, a.Rate, a.Engine = connections, rate, engine
	f.load, err = hosts.Open(ctx, f.loading[:min(len(f.loading), connections)], a, measure.Span{})
	return err
}

func (f *field) close(ctx context.Context) error {
	l := f.load
	if f.load = nil; l == nil {
		return nil
	}
	return l.Close(ctx)
}

// withField starts the slot's server on the serving host, calls use, and stops the server.
func (b *bench) withField(ctx context.Context, s slot, use func(context.Context, *field) error) (err error) {
	serving, loading, err := b.plan.hosts.Now(ctx, b.progress.Say)
	if err != nil {
		if ctx.Err() == nil {
			b.over = err
		}
		return err
	}
	job := hosts.Job{Mode: s.mode.Name}
	if s.mode.user != nil {
		job.Command, job.Probe = s.mode.user.Command, s.mode.user.target(workload.All[0])
	}
	server, err := hosts.Serve(ctx, serving, job)
	if err != nil {
		return err
	}
	f := &field{server: server, loading: loading,
		attack: loadgen.Attack{Target: s.target(server.URL), Timeout: requestTimeout, WantBody: s.wantBody()}}
	defer func() {
		parting, cancel := hosts.Parting(ctx)
		defer cancel()
		if endErr := errors.Join(f.close(parting), server.Stop(parting)); err == nil {
			err = endErr
		}
	}()
	return use(ctx, f)
}

// warmField loads the server until it is warm, on connections which stay.
func (b *bench) warmField(ctx context.Context, f *field, s slot) (*results.WarmUp, error) {
	err := f.open(ctx, s.warmConnections(), 0, b.plan.engine(results.Closed, f.server.URL, 0))
	if err != nil {
		return nil, err
	}
	w, known, err := f.load.Warm(ctx, f.server, s.warmUp())
	record := results.WarmUp{TookS: seconds(w.Took), Windows: w.Windows, Steady: w.Steady, Errors: w.Errors,
		Requests: w.Requests}
	if known {
		record.CPUS = seconds(w.Busy)
	}
	return &record, err
}

// climbField is the trial of a bench on several hosts: it starts a fresh server, warms it up, and
// climbs the ladder.
func (b *bench) climbField(ctx context.Context, s slot, t *results.Trial, began time.Time) error {
	return b.withField(ctx, s, func(ctx context.Context, f *field) error {
		b.progress.WarmUp(s.name, s.workload.Name, s.round, s.warmTime())
		w, err := b.warmField(ctx, f, s)
		t.WarmUp = w
		if err != nil {
			return err
		}
		for i, r := range s.order() {
			rate, inPlan := b.rate(s, r, *t), s.rungTime(r)
			switch {
			case rate > 0:
				r = r.at(rate)
				r.duration = max(r.duration, hosts.Least)
			case r.load != results.Closed:
				continue
			}
			measured, err := b.retryVoid(s.rungTime(r), func() (results.Rung, error) {
				if i > 0 || r.connections != s.warmConnections() {
					if err := f.open(ctx, r.connections, rate, b.plan.engine(r.load, f.server.URL, rate)); err != nil {
						return results.Rung{}, err
					}
				}
				return b.fieldRung(ctx, f, r, began, !w.Steady)
			})
			if err == nil {
				t.Rungs = append(t.Rungs, measured)
				err = unanswered(measured)
			}
			if err != nil {
				return fmt.Errorf("at %d connections: %w", r.connections, err)
			}
			b.progress.Rung(s.name, s.workload.Name, s.round, r.connections, inPlan)
		}
		if s.workload.Wait > 0 {
			weighGrowth(t, s.base().connections)
		}
		return nil
	})
}

// fieldRung puts one rung of load on the server, by the open connections of all hosts at once.
func (b *bench) fieldRung(ctx context.Context, f *field, r rung, trial time.Time, unsteady bool) (results.Rung,
	error) {
	began := time.Since(trial)
	j, err := f.load.Run(ctx, r.duration, f.server)
	if err != nil {
		return results.Rung{}, err
	}
	b.hosts.Add(f.server.Agent, j)
	rung, err := measured(j.Attack, r, j.Result, j.Watched.Server)
	if err != nil {
		return rung, err
	}
	rung.StartS = seconds(began)
	trust := j.Weigh(unsteady)
	rung.Trust = &trust
	return rung, nil
}

// fieldCapacity returns the throughput of a closed load of all hosts at the base rung, in requests
// per second.
func (b *bench) fieldCapacity(ctx context.Context, s slot) (rps float64, err error) {
	err = b.withField(ctx, s, func(ctx context.Context, f *field) error {
		if _, err := b.warmField(ctx, f, s); err != nil {
			return err
		}
		if n := s.base().connections; n != s.warmConnections() {
			if err := f.open(ctx, n, 0, b.plan.engine(results.Closed, f.server.URL, 0)); err != nil {
				return err
			}
		}
		j, err := f.load.Run(ctx, hosts.Least, f.server)
		if err != nil {
			return err
		}
		rps = measure.RunCost{Result: j.Result}.Throughput()
		return j.Result.Unanswered()
	})
	return rps, err
}
