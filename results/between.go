package results

import "math"

// closeEnough is how many times as many connections the upper end of a bracket may have as the
// lower one, for what lies between not to matter.
const closeEnough = 1.3

// mostBetween is how many runs between the rungs a mode gets at the most.
const mostBetween = 6

// bracket is two numbers of connections between which an answer changes; both are 0 where it
// changes nowhere on the ladder.
type bracket struct{ low, high int }

// next is what to try to halve it, in logarithms; 0 where it is narrow enough.
func (b bracket) next() int {
	n := int(math.Round(math.Sqrt(float64(b.low) * float64(b.high))))
	if b.low == 0 || float64(b.high) <= closeEnough*float64(b.low) || n <= b.low || n >= b.high {
		return 0
	}
	return n
}

// narrowed takes in what the runs between the rungs say, in the order in which they were made: up
// says that the answer lies above a run.
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

// NextBetween is the number of connections that says most about where a mode's knee lies, or how
// many connections it holds, between the rungs of the ladder; 0 when both are known well enough,
// and after mostBetween runs.
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

// brackets are those of the knee, which is the upper end, and of the connections held, which are
// the lower one.
func (r *Record) brackets(w Workload, mode string, s Scaling) (knee, held bracket) {
	for i, step := range w.Ladder {
		// at the top throughput still grows: that is no knee
		if step.Connections == s.Knee && i > 0 && i < len(w.Ladder)-1 {
			knee = bracket{w.Ladder[i-1].Connections, s.Knee}
		}
		if step.Connections == s.Held && i < len(w.Ladder)-1 {
			held = bracket{s.Held, w.Ladder[i+1].Connections}
		}
	}
	for _, t := range r.Trials {
		if t.Workload != w.Name || t.Mode != mode || t.Failure != "" || t.Lost != "" {
			continue
		}
		highest := 0.0 // of the same server, a moment before
		for _, step := range w.Ladder {
			v, _ := t.Read(Conns(step.Connections), Throughput)
			highest = max(highest, v)
		}
		knee = knee.narrowed(t.Between, func(r Rung) bool { return r.ThroughputRPS < nearlyAll*highest })
		held = held.narrowed(t.Between, func(b Rung) bool { return b.within(r.Settings.SLOUS) })
	}
	return knee, held
}

// within says that p99 was within the objective, and that no request failed. Of fewer than a
// hundred requests, which have no p99 of their own, it is the longest that has to be.
func (r Rung) within(sloUS float64) bool {
	return r.Answered() > 0 && r.LatencyUS.P99 <= sloUS && r.Errors == 0
}
