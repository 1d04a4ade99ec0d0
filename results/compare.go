package results

import (
	"maps"
	"math"
	"slices"

	"nodecompare/results/stat"
)

// alpha is the chance of a false alarm among all metrics of two modes on a workload.
const alpha = 1 - stat.Confidence

// Comparison is one figure of two modes, paired round by round: in a round they ran one after the other, so that what
// changes slowly on the machine hits both.
type Comparison struct {
	Metric     string  `json:"metric"`
	A          string  `json:"a"`
	B          string  `json:"b"`
	At         At      `json:"at"`     // the rung; for a figure of the whole ladder its top
	Rounds     int     `json:"rounds"` // that have both
	Ratio      float64 `json:"ratio"`  // A's figure over B's: the median of the rounds' ratios; 0 with no rounds
	Low        float64 `json:"low"`    // its interval
	High       float64 `json:"high"`
	Confidence float64 `json:"confidence"`         // of the interval: 0.95, or less with fewer than 6 rounds
	Relative   bool    `json:"relative,omitempty"` // both figures were held against the yardstick's
	P          float64 `json:"p"`                  // that chance alone gives as much, two-sided, corrected for the number of metrics
	Floor      float64 `json:"floor"`              // a smaller difference is none that matters, e.g. 0.05
	Better     string  `json:"better"`             // A or B; "" unless they differ: the interval lies beyond the floor, and P is below 0.05
	Same       bool    `json:"same"`               // the interval lies within the floor. Neither better nor the same: one cannot tell
	Decides    bool    `json:"decides"`            // the mode's word follows from this one
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
	if c.Ratio >= 1 || c.Ratio == 0 {
		return c.A, c.Ratio, c.Low, c.High
	}
	return c.B, 1 / c.Ratio, 1 / c.High, 1 / c.Low
}

// contest is a comparison in the making.
type contest struct {
	Comparison
	leads map[int]float64 // by round: the logarithm of how far A is ahead of B; below 0 where it is behind
	lead  stat.Estimate   // of these
}

// compare pairs the metric of two modes. All is done in logarithms, so that swapping A and B gives the mirror image.
func (m Metric) compare(r *Record, w Workload, a, b string) contest {
	c := contest{Comparison: Comparison{Metric: m.Name, A: a, B: b, At: m.at(w), Floor: m.Floor, P: 1}}
	ofA, ofB := figures(r, w, a, b, m.read)
	if m.relative.Read != nil {
		// In a round that lacks one of the figures the pair would be lost, and with it, in six rounds, the interval.
		if x, y := figures(r, w, a, b, m.beside(m.relative)); len(x) == len(ofA) && spread(x)+spread(y) <= spread(ofA)+spread(ofB) {
			ofA, ofB, c.Relative = x, y, len(x) > 0
		}
	}
	ratios := logRatios(ofA, ofB)
	if m.also.Read != nil {
		with := logRatios(figures(r, w, a, b, m.beside(m.also)))
		for round, l := range ratios {
			ratios[round] = lesser(l, with[round])
		}
	}
	if c.Rounds = len(ratios); c.Rounds == 0 {
		return c
	}
	e := middle(ratios)
	c.Ratio, c.Low, c.High, c.Confidence = math.Exp(e.Value), math.Exp(e.Low), math.Exp(e.High), e.Confidence
	c.P = stat.Differ(slices.Collect(maps.Values(ofA)), slices.Collect(maps.Values(ofB)))
	c.leads, c.lead = ratios, e
	if m.LessIsBetter {
		c.lead = mirrored(e)
		for round, l := range ratios {
			c.leads[round] = -l
		}
	}
	return c
}

// middle is the median of the values. Of some numbers of them (8, 11) two intervals have the same confidence, and stat.Median
// gives the lower one: this is both, so that the mirror image has the mirrored interval.
func middle(byRound map[int]float64) stat.Estimate {
	values := slices.Collect(maps.Values(byRound))
	e := stat.Median(values)
	for i := range values {
		values[i] = -values[i]
	}
	other := mirrored(stat.Median(values))
	e.Value, e.Low, e.High = (e.Value+other.Value)/2, min(e.Low, other.Low), max(e.High, other.High)
	return e
}

// settle says what follows from the interval, and from P after its correction. A difference must lie beyond the floor as a
// whole, and not only its median: else one bench could call two modes different, and the next one the same.
func (c *contest) settle() {
	switch {
	case c.P < alpha && beyond(c.lead, c.Floor):
		c.Better = c.A
	case c.P < alpha && beyond(mirrored(c.lead), c.Floor):
		c.Better = c.B
	default:
		c.Same = c.notWorse(c.A) && c.notWorse(c.B) && c.Rounds > 0
	}
}

// notWorse says that the mode is surely not behind by more than the floor. What has not been measured speaks against nobody.
func (c contest) notWorse(mode string) bool {
	if c.Rounds == 0 {
		return true
	}
	lead := c.lead
	if mode == c.B {
		lead = mirrored(lead)
	}
	return c.sure() && lead.Low >= -math.Log1p(c.Floor)-rounding
}

// sure says that there are rounds enough for an interval of 95%.
func (c contest) sure() bool { return c.lead.Confidence >= stat.Confidence }

// rounding is what a ratio of exactly the floor may be off by, in logarithms.
const rounding = 1e-12

// beyond says that a whole interval of a lead is above the floor.
func beyond(lead stat.Estimate, floor float64) bool {
	return lead.Confidence >= stat.Confidence && lead.Low > math.Log1p(floor)+rounding
}

func mirrored(e stat.Estimate) stat.Estimate {
	e.Value, e.Low, e.High = -e.Value, -e.High, -e.Low
	return e
}

// figures are those of both modes by round, for the rounds in which both have one above 0.
func figures(r *Record, w Workload, a, b string, read reading) (ofA, ofB map[int]float64) {
	ofA, ofB = map[int]float64{}, map[int]float64{}
	for _, t := range r.Trials {
		if t.Workload != w.Name || t.Mode != a && t.Mode != b {
			continue
		}
		if v, ok := read(&r.Settings, w, t); ok && v > 0 && !math.IsInf(v, 0) {
			if t.Mode == a {
				ofA[t.Round] = v
			} else {
				ofB[t.Round] = v
			}
		}
	}
	maps.DeleteFunc(ofA, func(round int, _ float64) bool { return ofB[round] == 0 })
	maps.DeleteFunc(ofB, func(round int, _ float64) bool { return ofA[round] == 0 })
	return ofA, ofB
}

func logRatios(ofA, ofB map[int]float64) map[int]float64 {
	ratios := map[int]float64{}
	for round, v := range ofA {
		if l := math.Log(v) - math.Log(ofB[round]); math.Abs(l) < math.Log(math.MaxFloat64) {
			ratios[round] = l
		}
	}
	return ratios
}

// lesser of two logarithms is the one nearer to 0, where they agree on the side; else there is nothing that both say.
func lesser(a, b float64) float64 {
	if a > 0 != (b > 0) {
		return 0
	}
	if math.Abs(b) < math.Abs(a) {
		return b
	}
	return a
}

// spread is how much a mode's trials vary: the mean distance of the figures' logarithms from their median.
func spread(byRound map[int]float64) (mean float64) {
	var logs []float64
	for _, v := range byRound {
		logs = append(logs, math.Log(v))
	}
	slices.Sort(logs) // a map's order is none, and sums depend on theirs
	middle := stat.Median(logs).Value
	for _, l := range logs {
		mean += math.Abs(l-middle) / float64(len(logs))
	}
	return mean
}
