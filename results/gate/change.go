package gate

import (
	"fmt"
	"math"

	"nodecompare/results"
	"nodecompare/results/stat"
)

const (
	// leastTrials is how many trials each side must have: with fewer no median has a 95% interval.
	leastTrials = 6
	// chance is the most that all false alarms of a gate together may have, were there nothing but the noise between trials.
	chance = 0.05
	// clearly is the share of the floor that a regression's interval must leave out beside "no change": two runs of the same
	// differ by a percent or so, which the trials of one run cannot know.
	clearly = 0.5
	// mostRounds is how many more rounds are worth naming: beyond it, it is the noise that has to go.
	mostRounds = 100
)

// sample is a metric's figures on one side.
type sample struct {
	seen     []float64 // as they were measured
	figures  []float64 // the same, of which the ratio is taken
	relative []float64 // those over the yardstick's
	trials   int
	lost     int // of these, failed or VOID
}

func (m Metric) sample(trials []results.Trial, w results.Workload, mode string) sample {
	var s sample
	for _, t := range trials {
		if t.Workload != w.Name || t.Mode != mode {
			continue
		}
		s.trials++
		if _, ok := t.Rung(m.at(w)); !ok {
			s.lost++
			continue
		}
		v, ok := m.read(w, t)
		if !ok || max(v, m.least) <= 0 {
			continue
		}
		s.seen, s.figures = append(s.seen, v), append(s.figures, max(v, m.least))
		if m.relative.Read == nil {
			continue
		}
		if v, ok := t.Read(m.at(w), m.relative); ok {
			s.relative = append(s.relative, v)
		}
	}
	return s
}

// alone says that no yardstick ran beside the trials.
func (s sample) alone() bool { return len(s.figures) > 0 && len(s.relative) == 0 }

// between is what the metric says of old and new trials, not judged yet; ok is false where neither side has the figure, as on a
// system that does not tell what a process uses.
func (m Metric) between(w results.Workload, mode string, old, now []results.Trial) (c Change, ok bool) {
	a, b := m.sample(old, w, mode), m.sample(now, w, mode)
	if len(a.figures)+len(b.figures)+a.lost+b.lost == 0 && a.trials > 0 && b.trials > 0 {
		return Change{}, false
	}
	c = Change{
		Workload: w.Name, Mode: mode, Metric: m.Name, At: m.at(w), Unit: m.Unit, LessIsBetter: m.LessIsBetter,
		Old: stat.Median(a.seen), New: stat.Median(b.seen), P: 1, Uncorrected: 1, Floor: m.Floor, Margin: m.Margin,
	}
	x, y := a.figures, b.figures
	if m.relative.Read != nil {
		if a.alone() || b.alone() {
			c.Floor, c.Margin = m.AloneFloor, m.AloneMargin
		} else {
			x, y, c.Relative = a.relative, b.relative, true
		}
	}
	if min(len(x), len(y)) >= leastTrials {
		e := stat.RatioInterval(x, y)
		if e.N == 0 {
			c.Outcome, c.Reason = Invalid, "its figures are too large or too small for any ratio, which no measurement gives: the record is damaged"
			return c, true
		}
		c.Ratio, c.Low, c.High = e.Value, e.Low, e.High
		c.Uncorrected = c.oneSided(stat.Differ(x, y))
	} else {
		c.lack(a, b, len(x), len(y))
	}
	if c.Floor == 0 {
		c.Outcome, c.Reason, c.MoreRounds = Shown, "", 0
	}
	return c, true
}

// lack says why there is nothing to judge: trials were lost, the bench was too short, or there is no such figure.
func (c *Change) lack(a, b sample, has, hasNow int) {
	for _, s := range []struct {
		name string
		sample
		figures int
	}{{"old", a, has}, {"new", b, hasNow}} {
		switch {
		case s.trials == 0:
			c.Outcome, c.MoreRounds = Invalid, 0
			c.Reason = fmt.Sprintf("the %s record has no trial of it: bench it again", s.name)
			return
		case s.lost > 0 && s.trials-s.lost < leastTrials:
			c.Outcome, c.MoreRounds = Invalid, 0
			c.Reason = fmt.Sprintf("%d of %d trials in the %s record failed or are VOID, and %d good ones are needed: bench it again, with more --rounds if this machine often makes them VOID",
				s.lost, s.trials, s.name, leastTrials)
			return
		case s.trials < leastTrials:
			c.Outcome = Inconclusive
			c.Reason = fmt.Sprintf("the %s record has %d rounds, and at least %d are needed: bench it again with a profile that has them", s.name, s.trials, leastTrials)
			c.MoreRounds = max(c.MoreRounds, leastTrials-s.trials)
		case s.figures < leastTrials:
			c.Outcome = Inconclusive
			c.Reason = fmt.Sprintf("%d of %d trials of the %s record have no such figure", s.trials-s.figures, s.trials, s.name)
		}
	}
}

// worse gives the ratio and its interval as logarithms in which more is worse, so that swapping old and new gives the mirror image.
func (c Change) worse() (centre, best, worst float64) {
	centre, best, worst = math.Log(c.Ratio), math.Log(c.Low), math.Log(c.High)
	if !c.LessIsBetter {
		return -centre, -worst, -best
	}
	return centre, best, worst
}

// oneSided turns a two-sided p into that of the question a gate asks: is it worse? Better is no alarm.
func (c Change) oneSided(p float64) float64 {
	if centre, _, _ := c.worse(); centre > 0 {
		return p / 2
	}
	return 1 - p/2
}

// correct gives all changes a P that is right for their number, by Holm's method. A figure that is the same in all trials of both
// sides, such as a share of 100%, could not have been an alarm whatever its order, and is not counted (R. E. Tarone, A modified
// Bonferroni method for discrete data, Biometrics 46, 1990).
func correct(changes []Change) {
	var p []float64
	var of []int
	for i, c := range changes {
		if c.tested() {
			p, of = append(p, c.Uncorrected), append(of, i)
		}
	}
	for i, corrected := range stat.Holm(p) {
		changes[of[i]].P = corrected
	}
}

func (c Change) tested() bool { return c.Outcome == "" && c.Ratio > 0 && (c.Low != 1 || c.High != 1) }

// judge gives the outcome to a change that has none.
func (c *Change) judge() {
	if c.Outcome != "" {
		return
	}
	switch {
	case c.regresses() && c.P < chance:
		c.Outcome = Regressed
		c.Reason = fmt.Sprintf("%s regressed: %s", c.Metric, c.inWords())
	case c.passes():
		c.Outcome = Pass
	default:
		c.Outcome = Inconclusive
		c.MoreRounds = c.moreRounds()
	}
}

// regresses says that the change is one that matters, and clear of what the interval leaves open.
func (c Change) regresses() bool {
	_, best, _ := c.worse()
	return c.reachesFloor() && best >= clearly*math.Log1p(c.Floor)
}

func (c Change) reachesFloor() bool {
	centre, _, _ := c.worse()
	return centre >= math.Log1p(c.Floor)
}

// suspect says that a second run should be asked: it regressed, or may have if it were the only figure.
func (c Change) suspect() bool {
	return c.Outcome == Regressed || c.Outcome == Inconclusive && c.Ratio > 0 && c.reachesFloor() && c.Uncorrected < chance
}

// passes says that the interval's bad end is within what may be lost.
func (c Change) passes() bool {
	_, _, worst := c.worse()
	return worst < math.Log1p(c.Margin)
}

// moreRounds is how many of them would settle the change if its centre stayed where it is: as a pass, or as a regression, whichever
// takes fewer. 0 for more than mostRounds. The interval is taken for as wide as its narrower side is: a single trial that is off
// stretches the other, and weighs less with each further round.
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
