package sweep

import (
	"context"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
	"nodecompare/servers/child"
	"nodecompare/servers/workload"
)

// requestTimeout is added to ten times the expected time of a request.
const requestTimeout = 5 * time.Second

// attack is the load on a server in a cell.
func (p *Plan) attack(url string, at results.MapPoint) loadgen.Attack {
	wait, cpu := time.Duration(at.WaitMS)*time.Millisecond, time.Duration(at.CPUUS)*time.Microsecond
	return loadgen.Attack{
		Target: loadgen.Target{URL: url + workload.MixTarget(wait, cpu)}, Connections: at.Connections,
		Engine: loadgen.Loop, Threads: p.settings.LoadThreads, Timeout: requestTimeout + 10*cycle(at),
	}
}

// local is a server of this machine.
type local struct {
	*child.Process
	plan *Plan
}

func (s *local) attack(at results.MapPoint) loadgen.Attack {
	a := s.plan.attack(s.URL, at)
	a.Server = []sample.Subject{{PID: s.PID}} // the other servers are idle meanwhile
	return a
}

// warm warms the server up with requests that neither wait nor compute.
func (s *local) warm(ctx context.Context, o loadgen.WarmUpOptions) (steady bool, err error) {
	g, err := loadgen.Open(s.attack(results.MapPoint{Connections: warmConnections}))
	if err != nil {
		return false, err
	}
	defer g.Close()
	w, err := measure.Warm(ctx, measure.Loaded{Subject: sample.Subject{PID: s.PID}, Load: g}, nil, o)
	return w.Steady, err
}

// load lets every connection send once, so that the server has all it needs for them, and then
// measures. Throughput is counted in a span within the run: at its beginning all requests wait
// together, and at its end no new ones come. CPU per request is over the whole run, which completes
// what it began.
func (s *local) load(ctx context.Context, at results.MapPoint, unsteady bool) (loaded, error) {
	t := s.plan.timesOf(at)
	a := s.attack(at)
	var counted measure.Shares
	a.Each = counted.Add
	g, err := loadgen.Open(a)
	if err != nil {
		return loaded{}, err
	}
	defer g.Close()
	if _, err := g.Run(ctx, t.ramp); err != nil {
		return loaded{}, err
	}
	counted.Begin(t.Span)
	m, err := g.Measure(ctx, t.run())
	if err != nil {
		return loaded{}, err
	}
	e := measure.Evidence(a, m)
	e.Unsteady = unsteady
	return loaded{m.Result, counted.Sum, m.Server, results.Weigh(e)}, nil
}
