package results

import (
	"math"
	"slices"
)

// MinDetectable is the smallest difference in a metric that a machine's noise leaves to be seen.
type MinDetectable struct {
	Workload string  `json:"workload"`
	Metric   string  `json:"metric"`
	At       RungKey `json:"at"`
	Rounds   int     `json:"rounds"`
	// half the width of the interval of a ratio, e.g. 1.04: chance alone gives as much
	Ratio float64 `json:"ratio"`
	Floor float64 `json:"floor"`           // a difference is called one from about Ratio × (1 + Floor)
	Rests bool    `json:"rests,omitempty"` // words rest on it
}

// detectable tells from a bench what differences a bench like it can tell from chance: for every
// metric half the width of its interval of a ratio, the widest one where there are several pairs of
// modes. A bench of one mode against itself (--null) is made for it, since all that differs there
// is noise. Metrics of which there is no such interval are left out.
func detectable(w Workload, pairs []pair) []MinDetectable {
	var all []MinDetectable
	for _, p := range pairs {
		p.each(func(c *contest) {
			if !c.sure() {
				return
			}
			s := MinDetectable{w.Name, c.Metric, c.At, c.Rounds, math.Exp((c.lead.High - c.lead.Low) / 2), c.Floor, c.Rests}
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
