package gate

import (
	"fmt"
	"math"

	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

const (
	// leastTrials is the number of trials that each side needs: with fewer no median has a 95%
	// interval.
	leastTrials = 6
	// chance bounds the probability of any false alarm in a gate, if trials differ by noise alone.
	chance = 0.05
	// clearly is the share of the floor by which a regression's interval must stay away from "no
	// change". Two runs of the same server differ by about a percent, which the trials of one run
	// cannot show. A second run shows part of it, so both together may come closer.
	clearly      = 0.6
	clearlyTwice = 0.5
	// mostRounds is the largest number of further rounds worth recommending. Above it, the noise
	// has to go.
	mostRounds = 100
)

// worse returns the ratio and its interval as logarithms in which more is worse, so that swapping
// old and new mirrors the result.
func (c Change) worse() (centre, best, worst float64) {
	centre, best, worst = math.Log(c.Ratio), math.Log(c.Low), math.Log(c.High)
	if !c.LessIsBetter {
		return -centre, -worst, -best
	}
	return centre, best, worst
}

// oneSided turns a two-sided p into the p of the gate's question, whether the figure became worse.
func (c Change) oneSided(p float64) float64 {
	if centre, _, _ := c.worse(); centre > 0 {
		return p / 2
	}
	return 1 - p/2
}

// correct sets the P of all changes, corrected for their number by Holm's method. A figure that is
// equal in all trials of both sides, such as a share of 100%, cannot raise an alarm and is not
// counted (R. E. Tarone, A modified Bonferroni method for discrete data, Biometrics 46, 1990).
//
// Changes of watched metrics are corrected separately, within each pair: chance seldom reaches
// their wide floors, and their number must not hide what the others find in six rounds.
func correct(changes []Change) {
	type family struct {
		watched bool
		of      Pair
	}
	families := map[family][]int{}
	for i, c := range changes {
		if !c.tested() {
			continue
		}
		f := family{}
		if c.watched {
			f = family{true, Pair{c.Workload, c.Mode}}
		}
		families[f] = append(families[f], i)
	}
	for _, of := range families {
		var p []float64
		for _, i := range of {
			p = append(p, changes[i].Uncorrected)
		}
		for k, corrected := range stat.Holm(p) {
			changes[of[k]].P = corrected
		}
	}
}

func (c Change) tested() bool {
	return c.Outcome == "" && c.Bound == "" && c.Ratio > 0 && (c.Low != 1 || c.High != 1)
}

// judge sets the outcome of a change that has none.
func (c *Change) judge() {
	if c.Outcome != "" {
		return
	}
	switch {
	case c.Bound != "" && c.reachesFloor() && c.Uncorrected < chance:
		c.Outcome, c.Reason = Inconclusive, c.Bound
	case c.Bound != "":
		c.Outcome = Shown
	case c.regresses(clearly) && c.P < chance:
		c.Outcome = Regressed
		c.Reason = fmt.Sprintf("%s regressed: %s", c.Metric, c.InWords())
	case c.passes():
		c.Outcome = Pass
	case c.watched && !(c.reachesFloor() && c.Uncorrected < chance):
		c.Outcome = Shown
	default:
		c.Outcome = Inconclusive
		c.MoreRounds = c.moreRounds()
	}
}

// regresses reports whether the change exceeds its floor and its interval stays away from "no
// change" by the given share of the floor.
func (c Change) regresses(clear float64) bool {
	_, best, _ := c.worse()
	return c.reachesFloor() && best >= clear*math.Log1p(c.Floor)
}

func (c Change) reachesFloor() bool {
	centre, _, _ := c.worse()
	return centre >= math.Log1p(c.Floor)
}

// suspect reports whether a second run should check the change: it regressed, or would have as the
// only figure, even within the margin.
func (c Change) suspect() bool {
	judged := c.Outcome == Regressed || c.Outcome == Inconclusive || c.Outcome == Pass
	return judged && c.Bound == "" && c.Ratio > 0 && c.reachesFloor() &&
		(c.Outcome == Regressed || c.Uncorrected < chance)
}

// passes reports whether the interval's worse end is within the margin.
func (c Change) passes() bool {
	_, _, worst := c.worse()
	return worst < math.Log1p(c.Margin)
}

// moreRounds returns how many more rounds would decide the change if its centre stayed: as a pass
// or as a regression, whichever takes fewer. moreRounds returns 0 for more than mostRounds. The
// narrower side stands for the interval's width, because a single outlier stretches the other and
// weighs less with each further round.
func (c Change) moreRounds() int {
	centre, best, worst := c.worse()
	side := min(centre-best, worst-centre)
	rounds := min(c.Old.N, c.New.N)
	least := mostRounds + 1
	settle := func(wanted float64) {
		if total := stat.RoundsNeeded(rounds, side, wanted); total > 0 {
			least = min(least, max(1, total-rounds))
		}
	}
	settle(math.Log1p(c.Margin) - centre)
	if c.reachesFloor() {
		settle(centre - clearly*math.Log1p(c.Floor))
	}
	if least > mostRounds {
		return 0
	}
	return least
}

// InWords writes the change and its interval in two digits: +9.1% (+7.9 to +10%). Beyond a factor
// of two in either direction it writes the factor: 12x (11 to 13x).
func (c Change) InWords() string {
	if c.Ratio >= 2 || c.Ratio <= 0.5 {
		return fmt.Sprintf("%sx (%s to %sx)", unit.Rounded(c.Ratio, 2), unit.Rounded(c.Low, 2), unit.Rounded(c.High, 2))
	}
	return fmt.Sprintf("%s%% (%s to %s%%)", unit.More(c.Ratio), unit.More(c.Low), unit.More(c.High))
}
