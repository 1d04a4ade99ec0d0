package summary

import (
	"fmt"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

var (
	slowest = reading{name: "max ", Figure: results.Longest, write: latency}
	lost    = reading{Figure: results.FailedPercent,
		write: func(e stat.Estimate) string { return unit.Digits(e.Value) + "% failed" }}
)

// isolation returns the latency of victim requests, without and with the poison.
func (s sheet) isolation() []Group {
	alone, amid := Group{Label: "alone"}, Group{Label: "amid poison"}
	if rps, ok := s.offeredAt(results.AtAlone); ok {
		alone.Label = "alone, " + unit.Rate(rps) + " req/s"
	}
	if p := s.w.Poison; p != nil {
		amid.Label = fmt.Sprintf("amid %s/s %s", unit.Digits(p.RateRPS), p.Target)
	}
	for _, f := range append(percentiles[:2:2], lost) {
		alone.add(s.line(results.AtAlone, f))
	}
	for _, f := range append(percentiles[:2:2], slowest, lost) {
		amid.add(s.line(results.AtAmid, f))
	}
	amid.add(s.each(s.radius))
	return []Group{alone, amid}
}

// radius returns a mode's p99 with the poison over that without, round by round.
func (s sheet) radius(mode string) string {
	var ratios []float64
	for _, t := range s.r.Trials {
		if t.Workload != s.w.Name || t.Mode != mode {
			continue
		}
		alone, okAlone := t.Rung(results.AtAlone)
		amid, okAmid := t.Rung(results.AtAmid)
		if okAlone && okAmid && alone.LatencyUS.P99 > 0 && amid.Answered() > 0 {
			ratios = append(ratios, amid.LatencyUS.P99/alone.LatencyUS.P99)
		}
	}
	if len(ratios) == 0 {
		return unit.Missing
	}
	return "p99 " + unit.Times(stat.Median(ratios).Value) + " alone's"
}

func (s sheet) offeredAt(at results.RungKey) (float64, bool) {
	for _, m := range s.r.Settings.Modes {
		if e, ok := s.r.Estimate(s.w.Name, m.Name, at, results.Offered); ok {
			return e.Value, true
		}
	}
	return 0, false
}
