package results

import "math"

// closeEnough is the ratio of a bracket's ends below which the search for the point between them
// stops.
const closeEnough = 1.3

// mostBetween bounds a mode's runs between the ladder's rungs.
const mostBetween = 6

// bracket holds two numbers of connections between which an answer changes. Both are 0 if the
// answer changes nowhere on the ladder.
type bracket struct{ low, high int }

// next returns the number of connections that halves the bracket on a logarithmic scale, or 0 if
// the bracket is narrow enough.
func (b bracket) next() int {
	n := int(math.Round(math.Sqrt(float64(b.low) * float64(b.high))))
	if b.low == 0 || float64(b.high) <= closeEnough*float64(b.low) || n <= b.low || n >= b.high {
		return 0
	}
	return n
}

// narrowed returns the bracket after the runs between the rungs, in the order in which they ran. up
// reports that the answer lies above a run.
func (b bracket) narrowed(runs []Rung, up func(Rung) bool) bracket {
	for _, r := range runs {
		switch {
		case r.void() || r.Connections <= b.low || r.Connections >= b.high:
		case up(r):
			b.low = r.Connections
		default:
			b.high = r.Connections
		}
	}
	return b
}

// NextBetween returns the number of connections whose measurement narrows a mode's knee, or its
// connections held, the most. NextBetween returns 0 if both are known well enough, or after
// mostBetween runs.
func (r *Record) NextBetween(w Workload, mode string) int {
	for _, t := range r.Trials {
		if t.Workload == w.Name && t.Mode == mode && len(t.Between) >= mostBetween {
			return 0
		}
	}
	knee, held := r.brackets(w, mode, onRungs(r, w, mode))
	if n := knee.next(); n > 0 {
		return n
	}
	return held.next()
}

// brackets returns the bracket of the knee, whose upper end is the knee, and the bracket of the
// connections held, whose lower end is the number held.
func (r *Record) brackets(w Workload, mode string, s Scaling) (knee, held bracket) {
	for i, step := range w.Ladder {
		// If throughput still grows at the top rung, that rung is no knee.
		if step.Connections == s.Knee && i > 0 && i < len(w.Ladder)-1 {
			knee = bracket{w.Ladder[i-1].Connections, s.Knee}
		}
		switch {
		case step.Connections != s.Held:
		case i < len(w.Ladder)-1:
			held = bracket{s.Held, w.Ladder[i+1].Connections}
		case w.Beyond > s.Held:
			held = bracket{s.Held, w.Beyond}
		}
	}
	for _, t := range r.Trials {
		if t.Workload != w.Name || t.Mode != mode || t.gone() {
			continue
		}
		highest := 0.0 // of this trial's rungs, measured a moment before
		for _, step := range w.Ladder {
			v, _ := t.Read(ClosedAt(step.Connections), Throughput)
			highest = max(highest, v)
		}
		knee = knee.narrowed(t.Between, func(r Rung) bool { return r.ThroughputRPS < nearlyAll*highest })
		held = held.narrowed(t.Between, func(b Rung) bool { return b.within(r.Settings.SLOUS) })
	}
	return knee, held
}

// within reports whether p99 met the objective and no request failed: of subscribers, nothing was
// missed, and of viewers mostlySmooth had no stall.
func (r Rung) within(sloUS float64) bool {
	if d := r.Deliveries; d != nil && (d.Absent() > 0 || d.Silent > 0 || d.Untimed > 0) {
		return false
	}
	if r.Viewing != nil && r.Viewing.Share() < mostlySmooth {
		return false
	}
	return r.Answered() > 0 && r.LatencyUS.P99 <= sloUS && r.Errors == 0
}
