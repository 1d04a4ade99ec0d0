package results

import (
	"math"
	"slices"

	"nodecompare/results/stat"
)

// nearlyAll is the share of the highest throughput at which a ladder's knee is.
const nearlyAll = 0.9

// scaling is how a mode's throughput grew with its connections.
func scaling(r *Record, w Workload, mode string) Scaling {
	s := onRungs(r, w, mode)
	s.USL = law(r, w, mode)
	knee, held := r.brackets(w, mode, s)
	if knee.high > 0 {
		s.Knee = knee.high
	}
	s.Held = max(s.Held, held.low)
	return s
}

// onRungs is what the ladder's rungs say of that, all rounds together.
func onRungs(r *Record, w Workload, mode string) Scaling {
	s := Scaling{Mode: mode}
	highest := 0.0
	grown := make([]float64, len(w.Ladder))
	for i, step := range w.Ladder {
		if e, ok := r.Estimate(w.Name, mode, Conns(step.Connections), Throughput); ok {
			s.Most = step.Connections
			grown[i] = e.Value
			highest = max(highest, e.Value)
		}
	}
	for i, step := range w.Ladder {
		if highest > 0 && grown[i] >= nearlyAll*highest {
			s.Knee = step.Connections
			break
		}
	}
	var all []int
	for _, t := range r.Trials {
		if t.Workload == w.Name && t.Mode == mode {
			if n, ok := held(&r.Settings, w, t); ok {
				all = append(all, n)
			}
		}
	}
	if len(all) > 0 {
		slices.Sort(all)
		// of two in the middle the lesser: a rung, which half of the rounds and more have held
		s.Held = all[(len(all)-1)/2]
	}
	return s
}

// held is the most connections that a trial held: on whose rung p99 was within the SLO, and no
// request failed; 0 when there were none. ok is false where it is not known: there is no SLO, or a
// rung above has no figures.
func held(s *Settings, w Workload, t Trial) (connections int, ok bool) {
	if s.SLOUS <= 0 {
		return 0, false
	}
	for _, step := range slices.Backward(w.Ladder) {
		r, ok := t.Rung(Conns(step.Connections))
		if !ok {
			return 0, false
		}
		if r.within(s.SLOUS) {
			return step.Connections, true
		}
	}
	return 0, len(w.Ladder) > 0
}

// heldOrHalf counts none as half a connection: a ratio needs something to divide by.
func heldOrHalf(s *Settings, w Workload, t Trial) (float64, bool) {
	n, ok := held(s, w, t)
	return max(0.5, float64(n)), ok
}

// law fits the Universal Scalability Law to each trial's ladder; nil when none has rungs enough.
func law(r *Record, w Workload, mode string) *USL {
	var f fits
	for _, t := range r.Trials {
		if t.Workload != w.Name || t.Mode != mode {
			continue
		}
		var n, x []float64
		for _, step := range w.Ladder {
			rung, ok := t.Rung(Conns(step.Connections))
			if rps, answers := Throughput.Read(rung); ok && answers && rps > 0 {
				n, x = append(n, float64(step.Connections)), append(x, rps)
			}
		}
		f.add(n, x)
	}
	u := f.law()
	if u == nil {
		return nil
	}
	if peak := max(1, math.Sqrt(max(0, 1-u.Sigma.Value)/u.Kappa.Value)); sure(u.Kappa) &&
		!r.risesBeyond(w, mode, *u, peak) {
		u.Peak, u.Beyond = peak, peak > float64(w.Top())
	}
	return u
}

// fits are the law's parameters, fitted to one trial after the other.
type fits struct{ lambdas, sigmas, kappas, qualities []float64 }

// add fits the law to a ladder. What a fit refuses is one with too few rungs, or figures that no
// measurement gives: there is no law to show then.
func (f *fits) add(n, x []float64) {
	if lambda, sigma, kappa, r2, err := stat.FitUSL(n, x); err == nil {
		f.lambdas, f.sigmas, f.kappas, f.qualities = append(f.lambdas, lambda), append(f.sigmas, sigma),
			append(f.kappas, kappa), append(f.qualities, r2)
	}
}

// law has the medians; nil for none.
func (f *fits) law() *USL {
	if len(f.lambdas) == 0 {
		return nil
	}
	return &USL{Lambda: stat.Median(f.lambdas), Sigma: stat.Median(f.sigmas), Kappa: stat.Median(f.kappas),
		R2: stat.Median(f.qualities).Value}
}

// sure says that a parameter which cannot be below 0 is surely above it.
func sure(e stat.Estimate) bool { return e.Confidence >= stat.Confidence && e.Low > 0 }

// risesBeyond says that a rung with more connections than the peak has more throughput than the law
// has at its peak: whatever the law says, it is not the most.
func (r *Record) risesBeyond(w Workload, mode string, u USL, peak float64) bool {
	return slices.ContainsFunc(w.Ladder, func(step Step) bool {
		e, _ := r.Estimate(w.Name, mode, Conns(step.Connections), Throughput)
		return float64(step.Connections) > peak && e.Value > u.At(peak)
	})
}
