package sweep

import (
	"context"
	"fmt"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// requestTimeout is added to ten times the expected time of a request.
const requestTimeout = 5 * time.Second

// visit measures a server in one cell, and once more if the run is VOID, because the cause is
// usually the machine's and soon over.
func (r *round) visit(ctx context.Context, s *server, at results.MapPoint) error {
	run, err := r.measure(ctx, s, at)
	if err == nil && run.Trust.Status == results.Void {
		run, err = r.measure(ctx, s, at)
	}
	if err != nil {
		return fmt.Errorf("wait %d ms, CPU %d µs, %d connections: %w", at.WaitMS, at.CPUUS, at.Connections, err)
	}
	r.into.Runs = append(r.into.Runs, run)
	return nil
}

// measure lets every connection send once, so that the server has all it needs for them, and then
// measures. Throughput is counted in a window within the run: at its beginning all requests wait
// together, and at its end no new ones come. CPU per request is over the whole run, which completes
// what it began.
func (r *round) measure(ctx context.Context, s *server, at results.MapPoint) (results.MapRun, error) {
	t := timesOf(at)
	a := attack(s, at)
	counted := shares{lead: t.lead, window: t.window}
	a.Each = counted.add
	g, err := loadgen.Open(a)
	if err != nil {
		return results.MapRun{}, err
	}
	defer g.Close()
	if _, err := g.Run(ctx, t.ramp); err != nil {
		return results.MapRun{}, err
	}
	counted.on = true
	// runTime: connections begin one after another
	m, err := g.Measure(ctx, t.lead+t.window+runTime)
	if err != nil {
		return results.MapRun{}, err
	}
	if dead := s.Err(); dead != nil {
		return results.MapRun{}, dead
	}
	e := measure.Evidence(a, m)
	e.Unsteady = s.unsteady
	trust := results.Weigh(e)
	run := results.MapRun{
		MapPoint: at, Mode: s.mode, Round: r.number, Requests: m.Result.Requests, Errors: m.Result.Errors,
		ThroughputRPS: counted.sum / t.window.Seconds(), Trust: &trust,
	}
	if answered := m.Result.Requests - m.Result.Errors; answered > 0 && m.Server != nil {
		run.PerRequestUS = float64(m.Server.Nanoseconds()) / 1e3 / float64(answered)
	}
	return run, nil
}

// shares counts the requests of a window, each by the share of its life within it. Counting whole
// answers would be wrong: if all connections wait together, answers come in waves, and chance
// decides whether a window holds two or three. With shares, a connection whose requests take a
// tenth of the window counts ten, whenever they begin.
type shares struct {
	on           bool          // requests of the ramp are not counted
	lead, window time.Duration // lead is the time from the first sent request to the window
	from, to     time.Time     // the window, known once a request has ended
	sum          float64
}

// add counts a request. Failed ones do not count.
func (s *shares) add(o *loadgen.Outcome) {
	if !s.on {
		return
	}
	if s.to.IsZero() { // the first to end was among the first to be sent
		s.from = o.Sent.Add(s.lead)
		s.to = s.from.Add(s.window)
	}
	if o.Kind != "" {
		return
	}
	from, to := o.Sent, o.End
	if s.from.After(from) {
		from = s.from
	}
	if s.to.Before(to) {
		to = s.to
	}
	if life := o.End.Sub(o.Sent); life > 0 && to.After(from) {
		s.sum += float64(to.Sub(from)) / float64(life)
	}
}
