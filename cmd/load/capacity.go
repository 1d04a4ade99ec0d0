package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// ErrNoCapacity says that not even the lowest rate met the objective.
var ErrNoCapacity = errors.New("no rate met the objective")

// The search begins at a rate that nearly any server can bear, and ends beyond what this generator
// can offer.
const (
	firstRate = 100
	mostRate  = 200_000
)

// Resolution is the share by which the lowest failing rate may exceed the capacity.
const Resolution = 0.05

// Capacity searches for the highest rate at which the target meets the objective, and reports each
// probe to told. A probe lasts a.Duration, and at least the objective divided by Resolution: at a
// rate above the server's capacity by Resolution, the queue then outgrows the objective within one
// probe. A shorter probe would not see the queue that the server builds up. When ctx ends, Capacity
// returns the result so far with its error; a nil LoadRun means that nothing was found.
func Capacity(ctx context.Context, a loadgen.Attack, o loadgen.Objective,
	told func(results.ProbeRun)) (*results.LoadRun, error) {
	a.Duration = max(a.Duration, time.Duration(float64(o.P99)/Resolution))
	var err error
	if a.Server, err = measure.Serving(a); err != nil {
		return nil, err
	}
	s := searcher{attack: a, objective: o, met: map[float64]probed{}, missed: map[float64]probed{}, told: told}
	least := o.LeastRate(a)
	b, err := loadgen.Search{
		First: max(firstRate, least), Least: least, Most: max(mostRate, least), Resolution: Resolution, Agreement: 2,
	}.Find(func(rate float64) (bool, error) { return s.probe(ctx, rate) })
	if s.last.run == nil {
		return nil, err
	}
	run := s.result(b, err != nil)
	if err == nil && b.Holds == 0 {
		err = fmt.Errorf("%w: at %.4g requests/s, %s", ErrNoCapacity, b.Fails, run.Capacity.Limit)
	}
	return run, err
}

// lagShare is the largest share of the p99 send lag in p99 latency, as in the rule of trust.
const lagShare = 0.1

// searcher keeps the probes that the result needs: for each rate the last one that met the
// objective and the last one that missed it.
type searcher struct {
	attack      loadgen.Attack
	objective   loadgen.Objective
	met, missed map[float64]probed
	last        probed
	all         []results.ProbeRun
	told        func(results.ProbeRun)
}

type probed struct {
	run  *results.LoadRun
	why  string
	host results.Trust // by what the generator and others took of the machine
}

func (s *searcher) probe(ctx context.Context, rate float64) (bool, error) {
	a := s.attack
	a.Rate = rate
	started := time.Now()
	p, err := s.objective.Try(ctx, a)
	if err != nil {
		return false, err
	}
	if p.Cut {
		untilCut(loadgen.Pace{Rate: p.Rate}, p.Result)
	}
	e := measure.Evidence(a, p.Measurement)
	s.last = probed{run: figures(a, p.Measurement, nil, started), why: p.Why, host: results.Weigh(results.Evidence{
		Elapsed: e.Elapsed, Generator: e.Generator, LatencyUS: e.LatencyUS, Others: e.Others, All: e.All,
		CPUs: e.CPUs, Stolen: e.Stolen, Busy: e.Busy, Throttles: e.Throttles, Throttled: e.Throttled,
		Stopped: e.Stopped,
	})}
	if p.Meets {
		s.met[rate] = s.last
	} else {
		s.missed[rate] = s.last
	}
	told := results.ProbeRun{RPS: rate, P99US: s.last.run.LatencyUS.P99, Meets: p.Meets, Why: p.Why}
	s.all = append(s.all, told)
	s.told(told)
	return p.Meets, nil
}

// result returns the last probe at the capacity, with the search. A failed probe above the capacity
// is no reason for doubt, unless the generator or the machine may have caused the failure.
func (s *searcher) result(b loadgen.Bracket, partial bool) *results.LoadRun {
	run := s.last.run
	if at, ok := s.met[b.Holds]; ok {
		run = at.run
	}
	above := s.missed[b.Fails]
	run.Partial = partial
	run.Capacity = &results.Capacity{
		SLOUS: float64(s.objective.P99.Nanoseconds()) / 1e3, RPS: b.Holds, FailsRPS: b.Fails,
		Resolution: Resolution, Steady: b.Steady, Limit: above.why, Probes: s.all,
	}
	var doubts []string
	for _, reason := range above.host.Reasons {
		doubts = append(doubts,
			fmt.Sprintf("the server may bear more: at %.4g requests/s, where it missed the objective, %s",
				b.Fails, reason))
	}
	if above.run != nil {
		doubts = append(doubts, lateness(above.run, b, s.objective)...)
	}
	if !partial && !b.Steady {
		doubts = append(doubts, "the same rates met the objective and missed it in turn: the capacity of "+
			"the server, or of this machine, is not steady")
	}
	for _, rule := range above.host.Rules {
		if !slices.Contains(run.Trust.Rules, rule) {
			run.Trust.Rules = append(run.Trust.Rules, rule)
		}
	}
	if len(doubts) > 0 {
		run.Trust.Reasons = append(run.Trust.Reasons, doubts...)
		if run.Trust.Status == results.Valid {
			run.Trust.Status = results.Suspect
		}
	}
	return run
}

// lateness explains late sends in the failing probe: the generator's fault if most connections were
// free, too few connections if rate × objective exceeds them, otherwise the server's (no doubt is
// returned).
func lateness(above *results.LoadRun, b loadgen.Bracket, o loadgen.Objective) []string {
	if above.SendLagUS.P99 <= lagShare*above.LatencyUS.P99 || above.Requests == above.Errors {
		return nil
	}
	inFlight := above.RateRPS * above.UncorrectedUS.Mean / 1e6 // Little's law
	needed := b.Holds * o.P99.Seconds()
	switch {
	case inFlight < float64(above.Connections)/2:
		return []string{fmt.Sprintf("the server may bear more: at %.4g requests/s, where it missed the "+
			"objective, the generator was late itself (send lag p99 %.3g ms, with most connections free)",
			b.Fails, above.SendLagUS.P99/1e3)}
	case needed > float64(above.Connections):
		return []string{fmt.Sprintf("the server may bear more: at %.4g requests/s requests waited to be "+
			"sent, and with a latency of %v that rate needs %.0f connections, of which there were %d: give "+
			"more --connections",
			b.Fails, o.P99, needed, above.Connections)}
	}
	return nil
}
