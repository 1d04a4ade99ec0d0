package summary

import (
	"fmt"
	"slices"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// overload returns what happened to the requests due in a surge, and how long the server took to
// recover.
func (s sheet) overload() []Group {
	surge := s.w.Surge
	if surge == nil ||
		!slices.ContainsFunc(s.r.Settings.Modes, func(m results.Mode) bool {
			return s.has(m.Name, results.AtOverload)
		}) {
		return nil
	}
	during := Group{Label: fmt.Sprintf("%s× its capacity for %s", unit.Digits(surge.Times),
		unit.Micros(1e6*surge.ForS))}
	during.add(s.each(s.offeredInSurge))
	during.add(s.line(results.AtOverload, reading{name: "goodput ", Figure: results.Goodput, write: perSecond}))
	during.add(s.each(s.inTime))
	during.add(s.each(s.losses))
	after := Group{Label: fmt.Sprintf("then %s×", unit.Digits(surge.Then))}
	after.add(s.each(s.recovery))
	return []Group{during, after}
}

// OverloadOf returns what happened to a mode's requests in a surge: answered and when, lost and
// how, and the time to recover.
func OverloadOf(r *results.Record, w results.Workload, mode string) (inTime, losses, recovery string) {
	s := sheet{r: r, w: w}
	return s.inTime(mode), s.losses(mode), s.recovery(mode)
}

// offeredInSurge returns the rate of the surge, or why there was none.
func (s sheet) offeredInSurge(mode string) string {
	if e, ok := s.r.Estimate(s.w.Name, mode, results.AtOverload, results.Offered); ok {
		return unit.Rate(e.Value) + " req/s offered"
	}
	most := 0.0
	for _, n := range s.w.Connections() {
		if e, ok := s.r.Estimate(s.w.Name, mode, results.ClosedAt(n), results.Throughput); ok {
			most = max(most, e.Value)
		}
	}
	if times := s.w.Surge.Times; times*most > s.w.Surge.MostRPS {
		return unit.Rate(times*most) + " req/s is more than the load can offer"
	}
	return unit.Missing
}

// outcomes sums up the surges' requests over all rounds. ok is false if there were none.
func (s sheet) outcomes(mode string) (sum results.SurgeOutcome, ok bool) {
	for _, t := range s.r.Trials {
		if t.Workload != s.w.Name || t.Mode != mode {
			continue
		}
		if rung, usable := t.Rung(results.AtOverload); usable && rung.SurgeOutcome != nil {
			outcome := rung.SurgeOutcome
			sum.Due, sum.InTime, sum.Late = sum.Due+outcome.Due, sum.InTime+outcome.InTime, sum.Late+outcome.Late
			sum.Refused, sum.TimedOut, sum.Unsent = sum.Refused+outcome.Refused, sum.TimedOut+outcome.TimedOut,
				sum.Unsent+outcome.Unsent
		}
	}
	return sum, sum.Due > 0
}

func (s sheet) inTime(mode string) string {
	t, ok := s.outcomes(mode)
	if !ok {
		return unit.Missing
	}
	return fmt.Sprintf("%s in time, %s late", unit.Share(t.InTime, t.Due), unit.Share(t.Late, t.Due))
}

// losses counts the requests without a useful answer.
func (s sheet) losses(mode string) string {
	t, ok := s.outcomes(mode)
	if !ok {
		return unit.Missing
	}
	return fmt.Sprintf("%s refused, %s unanswered", unit.Share(t.Refused, t.Due),
		unit.Share(t.TimedOut+t.Unsent, t.Due))
}

// recovery returns the time from the end of the surge until requests were answered in time again,
// as the rounds' median.
func (s sheet) recovery(mode string) string {
	e, ok := s.r.Estimate(s.w.Name, mode, results.AtOverload, results.Recovery)
	if !ok {
		return unit.Missing
	}
	mark, _ := Doubted(s.r, s.w, mode, results.AtOverload)
	if most := 1e6 * s.w.Surge.ThenS; e.Value >= most {
		return "not in time again in " + unit.Micros(most) + mark
	}
	return "in time again in " + latency(e) + mark
}
