package results

import (
	"math"
	"slices"
)

// minRounds is how many rounds must hold both modes before a difference between them is spoken of at all.
const minRounds = 2

// Comparison is one figure of two modes, paired round by round: in a round they ran one after the other, so that what
// changes slowly on the machine hits both.
type Comparison struct {
	Metric      string  `json:"metric"`
	A           string  `json:"a"`
	B           string  `json:"b"`
	Connections int     `json:"connections"` // the rung
	Rounds      int     `json:"rounds"`      // that have both
	Ratio       float64 `json:"ratio"`       // A's figure over B's: the median of the rounds' ratios; 0 with no rounds
	Low         float64 `json:"low"`         // the smallest of them
	High        float64 `json:"high"`        // the largest
	Better      string  `json:"better"`      // A or B; "" for no difference
	Decides     bool    `json:"decides"`     // the mode's word follows from this one
}

// Worse is the other one of the two; "" for no difference.
func (c Comparison) Worse() string {
	switch c.Better {
	case c.A:
		return c.B
	case c.B:
		return c.A
	}
	return ""
}

// weight is how far the ratio is from 1, the same for a ratio and its inverse.
func (c Comparison) weight() float64 {
	if c.Ratio == 0 {
		return 0
	}
	return math.Abs(math.Log(c.Ratio))
}

// Factors turns the ratios so that the median is at least 1: how many times as much the one has that has more.
func (c Comparison) Factors() (more string, ratio, low, high float64) {
	if c.Ratio >= 1 {
		return c.A, c.Ratio, c.Low, c.High
	}
	return c.B, 1 / c.Ratio, 1 / c.High, 1 / c.Low
}

// Metric is a figure of a trial by which two modes are compared.
type Metric struct {
	Name         string
	Floor        float64 // how far from 1 the median ratio must be, e.g. 0.05
	LessIsBetter bool
	AtTop        bool // read at the ladder's top, or up to it; else at the base rung
	figure       func(Workload, Trial) (float64, bool)

	// When set, the better one must also be ahead in this, more being better, by a median ratio of 1 + aheadBy.
	ahead   func(Workload, Trial) (float64, bool)
	aheadBy float64
}

// compare pairs the metric of two modes. They differ when the median ratio is at least the floor away from 1 and every
// round lies on its side. Medians and floor are taken of logarithms, so that swapping A and B gives the mirror image.
func (m Metric) compare(r *Record, w Workload, a, b string) Comparison {
	c := Comparison{Metric: m.Name, A: a, B: b, Connections: w.Base()}
	if m.AtTop {
		c.Connections = w.Top()
	}
	logs := logRatios(r, w, a, b, m.figure)
	c.Rounds = len(logs)
	if c.Rounds == 0 {
		return c
	}
	low, high, mid := slices.Min(logs), slices.Max(logs), median(logs)
	c.Low, c.High, c.Ratio = math.Exp(low), math.Exp(high), math.Exp(mid)
	if c.Rounds < minRounds || math.Abs(mid) < math.Log1p(m.Floor) || low <= 0 && high >= 0 {
		return c
	}
	aAhead := mid > 0 != m.LessIsBetter
	if m.ahead != nil {
		lead := median(logRatios(r, w, a, b, m.ahead))
		if !aAhead {
			lead = -lead
		}
		if lead < math.Log1p(m.aheadBy) {
			return c
		}
	}
	c.Better = b
	if aAhead {
		c.Better = a
	}
	return c
}

// logRatios is the logarithm of a's figure over b's, for each round in which both have one.
func logRatios(r *Record, w Workload, a, b string, figure func(Workload, Trial) (float64, bool)) []float64 {
	ofA := figures(r, w, a, figure)
	ofB := figures(r, w, b, figure)
	var logs []float64
	for round := 1; round <= r.Settings.Rounds; round++ {
		x, okA := ofA[round]
		y, okB := ofB[round]
		if !okA || !okB || x <= 0 || y <= 0 {
			continue
		}
		if l := math.Log(x / y); !math.IsNaN(l) && !math.IsInf(l, 0) {
			logs = append(logs, l)
		}
	}
	return logs
}

// figures is a mode's figure by round.
func figures(r *Record, w Workload, mode string, figure func(Workload, Trial) (float64, bool)) map[int]float64 {
	found := map[int]float64{}
	for _, t := range r.Trials {
		if t.Workload != w.Name || t.Mode != mode {
			continue
		}
		if v, ok := figure(w, t); ok {
			found[t.Round] = v
		}
	}
	return found
}

// median sorts the values; the middle one, or the mean of the middle two; 0 of none.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	slices.Sort(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// Median is the median over the rounds of one figure of a mode's rung; ok is false when no trial has it.
func (r *Record) Median(workload, mode string, connections int, figure func(Rung) (float64, bool)) (value float64, ok bool) {
	var values []float64
	for _, t := range r.Trials {
		if t.Workload != workload || t.Mode != mode {
			continue
		}
		if rung, has := t.Rung(connections); has {
			if v, has := figure(rung); has {
				values = append(values, v)
			}
		}
	}
	return median(values), len(values) > 0
}
