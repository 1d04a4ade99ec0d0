package results

import (
	"math"
	"slices"
)

// MinDetectable is the smallest difference in a metric that the machine's noise lets a bench see.
type MinDetectable struct {
	Workload string  `json:"workload"`
	Metric   string  `json:"metric"`
	At       RungKey `json:"at"`
	Rounds   int     `json:"rounds"`
	// Ratio is half the width of a ratio's interval, e.g. 1.04: what chance alone can give.
	Ratio float64 `json:"ratio"`
	Floor float64 `json:"floor"`           // differences above about Ratio × (1 + Floor) are reported
	Rests bool    `json:"rests,omitempty"` // words rest on the metric
}

// detectable returns, for every metric, the smallest difference that a bench like this one can tell
// from chance: half the width of the ratio's interval, the widest over all pairs. A bench of one
// mode against itself (--null) shows this best, since all its differences are noise. Metrics
// without an interval are left out.
func detectable(w Workload, pairs []pair) []MinDetectable {
	var all []MinDetectable
	for _, p := range pairs {
		p.each(func(c *contest) {
			if !c.sure() {
				return
			}
			s := MinDetectable{w.Name, c.Metric, c.At, c.Rounds, math.Exp((c.lead.High - c.lead.Low) / 2), c.Floor,
				c.Rests}
			i := slices.IndexFunc(all, func(other MinDetectable) bool {
				return other.Metric == s.Metric && other.At == s.At
			})
			if i < 0 {
				all = append(all, s)
			} else if s.Ratio > all[i].Ratio {
				all[i] = s
			}
		})
	}
	return all
}
