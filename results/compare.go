package results

import (
	"maps"
	"math"
	"slices"

	"nodecompare/results/stat"
)

// wordConfidence is that of the interval of a figure that a word rests on. It is looked at up to
// four times, after 6 to MostRounds rounds, and each look is one more chance of a false word; 95%
// would give 5% of them for a difference just at the floor.
const wordConfidence = 0.99

// Comparison is one figure of two modes, paired round by round: in a round they ran one after the
// other, so that what changes slowly on the machine hits both.
type Comparison struct {
	Metric string `json:"metric"`
	A      string `json:"a"`
	B      string `json:"b"`
	At     At     `json:"at"`     // the rung; for a figure of the whole ladder its top
	Rounds int    `json:"rounds"` // that have both
	// A's figure over B's: the geometric mean of the rounds' ratios; 0 with no rounds
	Ratio float64 `json:"ratio"`
	Low   float64 `json:"low"` // its interval
	High  float64 `json:"high"`
	// of the interval: 0.99 where it rests, else 0.95, or less with fewer than 6 rounds
	Confidence float64 `json:"confidence"`
	// of the light load: the words are of the saturated one, unless this one is decided otherwise
	Light    bool `json:"light,omitempty"`
	Relative bool `json:"relative,omitempty"` // both figures were held against the yardstick's
	// that chance alone gives as much, two-sided; nothing follows from it
	P      float64 `json:"p"`
	Floor  float64 `json:"floor"`  // a smaller difference is none that matters, e.g. 0.05
	Better string  `json:"better"` // A or B; "" unless they differ: the interval lies beyond the floor
	// the interval lies within the floor. Neither better nor the same: one cannot tell
	Same bool `json:"same"`
	// what is said of these two modes rests on this figure; the others can only veto
	Rests bool `json:"rests,omitempty"`
	// the mode's word follows from this one: it rests on it, and no other vetoes
	Decides bool `json:"decides"`
}

// open says that this is what one waits for: the words rest on it, and it tells neither of a
// difference nor of none.
func (c Comparison) open() bool { return c.Rests && c.Rounds > 0 && c.Better == "" && !c.Same }

// mostForeseen is how many rounds are worth naming: beyond it a quieter machine is the better
// advice.
const mostForeseen = 50

// RoundsToTell is about how many rounds would tell whether the two differ, if these are as those
// before; 0 where 50 would not, as when the ratio is that of the floor.
func (c Comparison) RoundsToTell() int {
	if c.Rounds == 0 || c.Low <= 0 {
		return 0
	}
	e := stat.Estimate{Low: math.Log(c.Low), High: math.Log(c.High), Confidence: c.Confidence, N: c.Rounds}
	return stat.PairedRounds(e, math.Abs(c.weight()-math.Log1p(c.Floor)), mostForeseen)
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

// Factors turns the ratios so that the median is at least 1: how many times as much the one has
// that has more.
func (c Comparison) Factors() (more string, ratio, low, high float64) {
	if c.Ratio >= 1 || c.Ratio == 0 {
		return c.A, c.Ratio, c.Low, c.High
	}
	return c.B, 1 / c.Ratio, 1 / c.High, 1 / c.Low
}

// contest is a comparison in the making.
type contest struct {
	Comparison
	logs         []float64 // of the rounds' ratios
	lessIsBetter bool
	lead         stat.Estimate // the logarithm of how far A is ahead of B; below 0 where it is behind
}

// compare pairs the metric of two modes. All is done in logarithms, so that swapping A and B gives
// the mirror image.
func (m Metric) compare(r *Record, w Workload, a, b string) contest {
	c := contest{Comparison: Comparison{Metric: m.Name, A: a, B: b, At: m.at(w), Light: m.Light, Floor: m.Floor, P: 1}}
	if m.Light && !lightFor(r, w, a, b) || !m.carried(r, w, a, b) {
		return c
	}
	ofA, ofB := figures(r, w, a, b, m.read)
	if m.relative != nil {
		// In a round that lacks one of the figures the pair would be lost, and with it, in six
		// rounds, the interval.
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
	c.at(stat.Confidence)
	return c
}

// at gives the comparison its interval, of that confidence, and what follows from it.
func (c *contest) at(confidence float64) {
	if c.Rounds == 0 {
		return
	}
	e := stat.PairedRatio(c.logs, confidence)
	c.Ratio, c.Low, c.High, c.Confidence = math.Exp(e.Value), math.Exp(e.Low), math.Exp(e.High), e.Confidence
	c.lead = e
	if c.lessIsBetter {
		c.lead = mirrored(e)
	}
	c.settle()
}

// settle says what follows from the interval. A difference must lie beyond the floor as a whole,
// and not only its middle: else one bench could call two modes different, and the next one the
// same.
func (c *contest) settle() {
	c.Better, c.Same = "", false
	within := math.Log1p(c.Floor) + rounding
	switch {
	case beyond(c.lead, c.Floor):
		c.Better = c.A
	case beyond(mirrored(c.lead), c.Floor):
		c.Better = c.B
	default:
		c.Same = c.sure() && c.lead.Low >= -within && c.lead.High <= within
	}
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

// lesser of two logarithms is the one nearer to 0, where they agree on the side; else there is
// nothing that both say.
func lesser(a, b float64) float64 {
	if a > 0 != (b > 0) {
		return 0
	}
	if math.Abs(b) < math.Abs(a) {
		return b
	}
	return a
}

// spread is how much a mode's trials vary: the mean distance of the figures' logarithms from their
// median.
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
