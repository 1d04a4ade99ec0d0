package results

import "nodecompare/results/stat"

// Figure reads one number from a rung; ok is false where there is none.
type Figure func(Rung) (value float64, ok bool)

// Values are a mode's figures at one load, one a trial, in the order in which they ran.
func (r *Record) Values(workload, mode string, at At, figure Figure) []float64 {
	var values []float64
	for _, t := range r.Trials {
		if t.Workload != workload || t.Mode != mode {
			continue
		}
		if rung, ok := t.Rung(at); ok {
			if v, ok := figure(rung); ok {
				values = append(values, v)
			}
		}
	}
	return values
}

// Estimate is the median over the rounds of one figure, with its interval; ok is false when no trial has it.
func (r *Record) Estimate(workload, mode string, at At, figure Figure) (e stat.Estimate, ok bool) {
	values := r.Values(workload, mode, at, figure)
	return stat.Median(values), len(values) > 0
}
