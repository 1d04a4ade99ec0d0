package report

import (
	"fmt"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

var (
	atAlone = results.At{Load: results.Alone}
	atAmid  = results.At{Load: results.Amid}

	slowest = reading{name: "max ", of: longest, write: latency}
	lost    = reading{of: lostShare, write: func(e stat.Estimate) string { return unit.Digits(e.Value) + "% failed" }}
)

// lostShare is in percent of the requests of a run, and no figure where there is none.
func lostShare(r results.Rung) (float64, bool) {
	return 100 * float64(r.Errors) / float64(max(1, r.Requests)), r.Errors > 0
}

// isolation shows what innocent requests wait, without the poison and amid it.
func (s sheet) isolation() []group {
	alone, amid := group{label: "alone"}, group{label: "amid poison"}
	if rps, ok := s.offeredAt(atAlone); ok {
		alone.label = "alone, " + unit.Rate(rps) + " req/s"
	}
	if p := s.w.Poison; p != nil {
		amid.label = fmt.Sprintf("amid %s/s %s", unit.Digits(p.RateRPS), p.Target)
	}
	for _, f := range append(percentiles[:2:2], lost) {
		alone.add(s.line(atAlone, f))
	}
	for _, f := range append(percentiles[:2:2], slowest, lost) {
		amid.add(s.line(atAmid, f))
	}
	amid.add(s.each(s.radius))
	return []group{alone, amid}
}

// radius is a mode's p99 amid the poison over that alone, round by round.
func (s sheet) radius(mode string) string {
	var ratios []float64
	for _, t := range s.r.Trials {
		if t.Workload != s.w.Name || t.Mode != mode {
			continue
		}
		alone, okAlone := t.Rung(atAlone)
		amid, okAmid := t.Rung(atAmid)
		if okAlone && okAmid && alone.LatencyUS.P99 > 0 && amid.Answered() > 0 {
			ratios = append(ratios, amid.LatencyUS.P99/alone.LatencyUS.P99)
		}
	}
	if len(ratios) == 0 {
		return unit.Missing
	}
	return "p99 " + unit.Times(stat.Median(ratios).Value) + " alone's"
}

func (s sheet) offeredAt(at results.At) (float64, bool) {
	for _, m := range s.r.Settings.Modes {
		if e, ok := s.r.Estimate(s.w.Name, m.Name, at, offered); ok {
			return e.Value, true
		}
	}
	return 0, false
}
