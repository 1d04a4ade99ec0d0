package results

import (
	"math"
	"slices"

	"nodecompare/results/stat"
)

// nearlyAll is the share of the highest throughput that defines the knee.
const nearlyAll = 0.9

// scaling returns how a mode's throughput grows with its connections.
func scaling(r *Record, w Workload, mode string) Scaling {
	s := onRungs(r, w, mode)
	s.USL = law(r, w, mode)
	knee, held := r.brackets(w, mode, s)
	if knee.high > 0 {
		s.Knee = knee.high
	}
	if s.Most == 0 { // no trial tells
		return s
	}
	s.Held = max(s.Held, held.low)
	for _, t := range r.Trials {
		if t.Workload != w.Name || t.Mode != mode || t.gone() {
			continue
		}
		for _, b := range t.Between {
			if !b.void() {
				s.Most = max(s.Most, b.Connections)
			}
		}
	}
	return s
}

// onRungs returns knee and connections held by the ladder's rungs alone, over all rounds.
func onRungs(r *Record, w Workload, mode string) Scaling {
	s := Scaling{Mode: mode}
	highest := 0.0
	grown := make([]float64, len(w.Ladder))
	for i, step := range w.Ladder {
		if e, ok := r.Estimate(w.Name, mode, ClosedAt(step.Connections), Throughput); ok {
			s.Most = step.Connections
			grown[i] = e.Value
			highest = max(highest, e.Value)
		}
	}
	for i, step := range w.Ladder {
		if highest > 0 && grown[i] >= nearlyAll*highest && !w.paced() {
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
	if len(all) == 0 {
		s.Most = 0
		return s
	}
	slices.Sort(all)
	// The lower of two middle values is a rung, and at least half of the rounds held it.
	s.Held = all[(len(all)-1)/2]
	return s
}

// held returns the most connections of a trial's rungs with p99 within the SLO and no failed
// request; 0 if there were none. ok is false if there is no SLO, or a rung above has no figures.
func held(s *Settings, w Workload, t Trial) (connections int, ok bool) {
	if s.SLOUS <= 0 {
		return 0, false
	}
	for _, step := range slices.Backward(w.Ladder) {
		r, ok := t.Rung(ClosedAt(step.Connections))
		if !ok {
			return 0, false
		}
		if r.within(s.SLOUS) {
			return step.Connections, true
		}
	}
	return 0, len(w.Ladder) > 0
}

// paced reports that more connections always get more: they hear what is said, or show a video, at
// a pace that no answer changes. So there is no knee to look for.
func (w Workload) paced() bool { return w.Tells || w.Plays }

// heldOrHalf is held with half a connection in place of none, so that ratios have a divisor.
func heldOrHalf(s *Settings, w Workload, t Trial) (float64, bool) {
	n, ok := held(s, w, t)
	return max(0.5, float64(n)), ok
}

// law fits the Universal Scalability Law to each trial's ladder; nil if none has enough rungs.
func law(r *Record, w Workload, mode string) *USL {
	var f fits
	for _, t := range r.Trials {
		if t.Workload != w.Name || t.Mode != mode {
			continue
		}
		var n, x []float64
		for _, step := range w.Ladder {
			rung, ok := t.Rung(ClosedAt(step.Connections))
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

// fits are the law's parameters, fitted to one ladder after another.
type fits struct{ lambdas, sigmas, kappas, qualities []float64 }

// add fits the law to a ladder. FitUSL refuses ladders with too few rungs and impossible figures.
// Such a ladder has no law to show.
func (f *fits) add(n, x []float64) {
	if lambda, sigma, kappa, r2, err := stat.FitUSL(n, x); err == nil {
		f.lambdas, f.sigmas, f.kappas, f.qualities = append(f.lambdas, lambda), append(f.sigmas, sigma),
			append(f.kappas, kappa), append(f.qualities, r2)
	}
}

// law returns the medians of the parameters; nil without any.
func (f *fits) law() *USL {
	if len(f.lambdas) == 0 {
		return nil
	}
	return &USL{Lambda: stat.Median(f.lambdas), Sigma: stat.Median(f.sigmas), Kappa: stat.Median(f.kappas),
		R2: stat.Median(f.qualities).Value}
}

// sure reports whether a parameter that cannot be negative is certainly above 0.
func sure(e stat.Estimate) bool { return e.Confidence >= stat.Confidence && e.Low > 0 }

// risesBeyond reports whether a rung with more connections than the peak has a higher throughput
// than the fitted peak, which refutes it.
func (r *Record) risesBeyond(w Workload, mode string, u USL, peak float64) bool {
	return slices.ContainsFunc(w.Ladder, func(step Step) bool {
		e, _ := r.Estimate(w.Name, mode, ClosedAt(step.Connections), Throughput)
		return float64(step.Connections) > peak && e.Value > u.At(peak)
	})
}
