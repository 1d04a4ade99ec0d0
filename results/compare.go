package results

import (
	"maps"
	"math"
	"slices"

	"nodecompare/results/stat"
)

// wordConfidence is the confidence of the interval that a word rests on. A bench looks at the
// interval up to four times, after 6 to MostRounds rounds, and each look is another chance of a
// false word. At 95%, 5% of differences just at the floor would get a false word.
const wordConfidence = 0.99

// Comparison compares one figure of two modes, paired by round. The two trials of a round run one
// after the other, so slow changes of the machine affect both.
type Comparison struct {
	Metric string  `json:"metric"`
	A      string  `json:"a"`
	B      string  `json:"b"`
	At     RungKey `json:"at"`     // the rung; the top one for a figure of the whole ladder
	Rounds int     `json:"rounds"` // rounds with a figure of both modes
	// Ratio is A's figure over B's: the geometric mean of the rounds' ratios; 0 without rounds.
	Ratio float64 `json:"ratio"`
	Low   float64 `json:"low"` // ends of the ratio's interval
	High  float64 `json:"high"`
	// Confidence of the interval is 0.99 if Rests, else 0.95, or less with fewer than 6 rounds.
	Confidence float64 `json:"confidence"`
	// Light marks a comparison at light load. Words follow from the saturated load, and the light
	// load can only turn them into DependsOnLoad.
	Light    bool `json:"light,omitempty"`
	Relative bool `json:"relative,omitempty"` // both figures are relative to the yardstick's
	// P is the two-sided probability that chance alone gives a ratio as far from 1. No word depends
	// on P.
	P      float64 `json:"p"`
	Floor  float64 `json:"floor"`  // the smallest difference that matters, e.g. 0.05
	Better string  `json:"better"` // A or B if the interval lies beyond the floor, else ""
	// Same says that the interval lies within the floor. If Better is "" and Same is false, the
	// comparison cannot tell.
	Same bool `json:"same"`
	// Rests marks the figure that the words on these two modes rest on. The other figures can only
	// veto.
	Rests bool `json:"rests,omitempty"`
	// Decides says that the comparison rests, is decided, and is not vetoed, so that the mode's
	// word follows.
	Decides bool `json:"decides"`
}

// open reports whether more rounds could still change a word: the words rest on the comparison,
// which is neither better nor the same.
func (c Comparison) open() bool { return c.Rests && c.Rounds > 0 && c.Better == "" && !c.Same }

// mostForeseen is the largest number of rounds worth recommending. Above it, a quieter machine is
// the better advice.
const mostForeseen = 50

// RoundsToTell estimates how many rounds would decide the comparison, if they vary like those
// measured. RoundsToTell returns 0 if more than 50 would be needed, as with a ratio at the floor.
func (c Comparison) RoundsToTell() int {
	if c.Rounds == 0 || c.Low <= 0 {
		return 0
	}
	e := stat.Estimate{Low: math.Log(c.Low), High: math.Log(c.High), Confidence: c.Confidence, N: c.Rounds}
	return stat.PairedRounds(e, math.Abs(c.weight()-math.Log1p(c.Floor)), mostForeseen)
}

// Worse returns the mode that is not Better; "" if neither is.
func (c Comparison) Worse() string {
	switch c.Better {
	case c.A:
		return c.B
	case c.B:
		return c.A
	}
	return ""
}

// weight returns the distance of the ratio from 1 in logarithms, equal for a ratio and its inverse.
func (c Comparison) weight() float64 {
	if c.Ratio == 0 {
		return 0
	}
	return math.Abs(math.Log(c.Ratio))
}

// Factors returns the mode with the larger figure, and the ratio and its interval turned so that
// the ratio is at least 1.
func (c Comparison) Factors() (more string, ratio, low, high float64) {
	if c.Ratio >= 1 || c.Ratio == 0 {
		return c.A, c.Ratio, c.Low, c.High
	}
	return c.B, 1 / c.Ratio, 1 / c.High, 1 / c.Low
}

// contest is a comparison under construction.
type contest struct {
	Comparison
	logs         []float64 // logarithms of the rounds' ratios
	lessIsBetter bool
	bound        bool          // it is the database's figure, and decides nothing of the modes
	lead         stat.Estimate // log of A's lead over B; negative if A is behind
}

// compare pairs the metric's figures of modes a and b. compare works in logarithms, so that
// swapping a and b mirrors the result.
func (m Metric) compare(r *Record, w Workload, a, b string) contest {
	c := contest{Comparison: Comparison{Metric: m.Name, A: a, B: b, At: m.at(w), Light: m.Light, Floor: m.Floor, P: 1}}
	if m.Light && !lightFor(r, w, a, b) || !m.carried(r, w, a, b) {
		return c
	}
	ofA, ofB := figures(r, w, a, b, m.read)
	if m.relative != nil {
		// A relative figure that is missing in one round would cost the pair and, with six rounds,
		// the whole interval. So the relative figures are used only if no round lacks one.
		if x, y := figures(r, w, a, b, m.relative); len(x) == len(ofA) && spread(x)+
			spread(y) <= spread(ofA)+spread(ofB) {
			ofA, ofB, c.Relative = x, y, len(x) > 0
		}
	}
	ratios := logRatios(ofA, ofB)
	if m.also.Read != nil {
		with := logRatios(figures(r, w, a, b, beside(m.at, m.also)))
		for round, l := range ratios {
			ratios[round] = lesser(l, with[round])
		}
	}
	if c.Rounds = len(ratios); c.Rounds == 0 {
		return c
	}
	logs := slices.Collect(maps.Values(ratios))
	c.P = stat.PairedDiffer(logs)
	c.logs, c.lessIsBetter = logs, m.LessIsBetter
	c.bound = m.Name == Throughput.Name && (r.databaseBound(w, a, c.At) || r.databaseBound(w, b, c.At))
	c.setConfidence(stat.Confidence)
	return c
}

// setConfidence computes the interval at the given confidence and decides by it.
func (c *contest) setConfidence(confidence float64) {
	if c.Rounds == 0 {
		return
	}
	e := stat.PairedRatio(c.logs, confidence)
	c.Ratio, c.Low, c.High, c.Confidence = math.Exp(e.Value), math.Exp(e.Low), math.Exp(e.High), e.Confidence
	c.lead = e
	if c.lessIsBetter {
		c.lead = mirrored(e)
	}
	c.decide()
}

// decide sets Better and Same from the interval. The whole interval must lie beyond the floor, not
// only its middle: otherwise one bench could call two modes different and the next call them the
// same.
func (c *contest) decide() {
	c.Better, c.Same = "", false
	within := math.Log1p(c.Floor) + rounding
	switch {
	case c.bound:
	case beyond(c.lead, c.Floor):
		c.Better = c.A
	case beyond(mirrored(c.lead), c.Floor):
		c.Better = c.B
	default:
		c.Same = c.sure() && c.lead.Low >= -within && c.lead.High <= within
	}
}

// sure reports whether there are enough rounds for a 95% interval.
func (c contest) sure() bool { return c.lead.Confidence >= stat.Confidence }

// rounding is the floating-point error allowed for a ratio exactly at the floor, in logarithms.
const rounding = 1e-12

// beyond reports whether the whole interval of a lead is above the floor.
func beyond(lead stat.Estimate, floor float64) bool {
	return lead.Confidence >= stat.Confidence && lead.Low > math.Log1p(floor)+rounding
}

func mirrored(e stat.Estimate) stat.Estimate {
	e.Value, e.Low, e.High = -e.Value, -e.High, -e.Low
	return e
}

// figures returns both modes' figures by round, of the rounds in which both are above 0.
func figures(r *Record, w Workload, a, b string, read reading) (ofA, ofB map[int]float64) {
	ofA, ofB = map[int]float64{}, map[int]float64{}
	for _, trials := range [][]Trial{r.Trials, r.Extra} {
		for i := range trials {
			t := &trials[i]
			if t.Workload != w.Name || t.Mode != a && t.Mode != b {
				continue
			}
			if v, ok := read(&r.Settings, w, *t); ok && v > 0 && !math.IsInf(v, 0) {
				if t.Mode == a {
					ofA[t.Round] = v
				} else {
					ofB[t.Round] = v
				}
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
		if ofB[round] == 0 {
			continue
		}
		if l := math.Log(v) - math.Log(ofB[round]); math.Abs(l) < math.Log(math.MaxFloat64) {
			ratios[round] = l
		}
	}
	return ratios
}

// lesser returns the logarithm nearer to 0 if both have the same sign, else 0.
func lesser(a, b float64) float64 {
	if a > 0 != (b > 0) {
		return 0
	}
	if math.Abs(b) < math.Abs(a) {
		return b
	}
	return a
}

// spread returns how much a mode's trials vary: the mean distance of the figures' logarithms from
// their median.
func spread(byRound map[int]float64) (mean float64) {
	var logs []float64
	for _, v := range byRound {
		logs = append(logs, math.Log(v))
	}
	slices.Sort(logs) // for a repeatable sum: map order is random
	middle := stat.Median(logs).Value
	for _, l := range logs {
		mean += math.Abs(l-middle) / float64(len(logs))
	}
	return mean
}
