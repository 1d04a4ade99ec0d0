package gate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// sample is a metric's figures on one side.
type sample struct {
	seen     []float64 // figures as measured
	figures  []float64 // figures that the ratio is taken of
	relative []float64 // figures over the yardstick's
	offered  []float64 // requests per second of an open load
	trials   int
	lost     int       // trials that failed or are VOID
	bound    int       // trials with the load generator, or the database, at its limit
	none     int       // trials with a figure of 0
	wrong    []float64 // impossible figures
}

func (m Metric) sample(trials []results.Trial, w results.Workload, mode string) sample {
	var s sample
	for _, t := range trials {
		if t.Workload != w.Name || t.Mode != mode {
			continue
		}
		s.trials++
		if r, ok := t.Rung(m.at(w)); ok {
			if r.OfferedRPS > 0 {
				s.offered = append(s.offered, r.OfferedRPS)
			}
			if r.Trust != nil && slices.ContainsFunc(r.Trust.Rules, results.Bounds) {
				s.bound++
			}
		}
		v, ok := m.read(w, t)
		if !ok {
			if m.lost(w, t) {
				s.lost++
			}
			continue
		}
		of := max(v, m.least)
		switch {
		case of == 0:
			s.none++
			continue
		case !possible(v) && !possible(of):
			s.wrong = append(s.wrong, v)
			continue
		}
		s.seen, s.figures = append(s.seen, v), append(s.figures, of)
		if m.relative == nil {
			continue
		}
		if v, ok := m.relative(w, t); ok && possible(v) {
			s.relative = append(s.relative, v)
		} else if ok {
			s.wrong = append(s.wrong, v)
		}
	}
	return s
}

// possible reports whether some machine may give the figure, in whichever unit: less than four
// months, or ten terabytes.
func possible(v float64) bool { return v >= 1e-6 && v <= 1e13 }

// lost reports whether the trial has no figure because it failed or was lost, or its rung is VOID.
func (m Metric) lost(w results.Workload, t results.Trial) bool {
	at := m.at(w)
	here := func(r results.Rung) bool {
		return m.across != nil || r.Load == at.Load && (r.Connections == at.Connections || at.Load != results.Closed)
	}
	if t.Failure != "" || t.Lost != "" || at.Load == results.Closed && !slices.ContainsFunc(t.Rungs, here) {
		return true
	}
	return slices.ContainsFunc(t.Rungs, func(r results.Rung) bool { return here(r) && void(r) })
}

// alone reports whether no yardstick ran beside the trials.
func (s sample) alone() bool { return len(s.figures) > 0 && len(s.relative) == 0 }

// silent reports whether there are trials, and the figure is in none of them. Where some of them
// are good ones, it is no figure of theirs.
func (s sample) silent() bool { return s.trials > 0 && len(s.figures)+s.none+len(s.wrong) == 0 }

// between compares the metric's figures of old and new trials, without judging. ok is false if
// neither side has the figure, as on a system that does not report what a process uses.
func (m Metric) between(w results.Workload, mode string, old, newer []results.Trial) (c Change, ok bool) {
	a, b := m.sample(old, w, mode), m.sample(newer, w, mode)
	few := m.fewIn(w, mode, old, newer)
	if a.silent() && b.silent() && a.lost+b.lost < a.trials+b.trials || few == "both records" {
		return Change{}, false
	}
	c = Change{
		Workload: w.Name, Mode: mode, Metric: m.Name, At: m.at(w), Unit: m.Unit, LessIsBetter: m.LessIsBetter,
		Old: stat.Median(a.seen), New: stat.Median(b.seen), P: 1, Uncorrected: 1, Floor: m.Floor,
		Margin: m.Margin, watched: m.milder,
	}
	milder := m.milder || m.waits && w.WaitUS > 0
	if c.alone = m.relative != nil && (a.alone() || b.alone()); c.alone {
		c.Floor, c.Margin = m.AloneFloor, m.AloneMargin
	}
	switch reason := impossible(m.Name, a, b); {
	case reason != "":
		c.Outcome, c.Reason = Invalid, reason
		return c, true
	case min(len(a.figures), len(b.figures)) < leastTrials:
		c.lack(a, b)
	case m.relative == nil || c.alone:
		c.weigh(a.figures, b.figures)
	case milder && min(len(a.relative), len(b.relative)) < leastTrials:
		c.weigh(a.figures, b.figures)
	case milder:
		measured := c
		measured.weigh(a.figures, b.figures)
		c.weighRelative(a, b)
		other := measured
		if less, _, _ := measured.worse(); less < first(c.worse()) {
			c, other = measured, c
		}
		c.other = &other
	default:
		c.weighRelative(a, b)
	}
	switch {
	case c.Outcome == Invalid:
	case few != "":
		c.Outcome, c.MoreRounds = Shown, 0
		c.Reason = fmt.Sprintf("%s at %s decides nothing: some trial of %s had too few answers for it",
			c.Metric, where(c.At), few)
	case c.Floor == 0:
		c.Outcome, c.Reason, c.MoreRounds = Shown, "", 0
	case !sameRate(a.offered, b.offered):
		c.Outcome, c.MoreRounds = Shown, 0
		c.Reason = fmt.Sprintf("%s at the %s decides nothing: the rates differ, %.3g and %.3g requests/s",
			c.Metric, c.At.Load, stat.Median(a.offered).Value, stat.Median(b.offered).Value)
	case m.bounded && 2*b.bound > b.trials:
		c.Bound = fmt.Sprintf("the load generator, or the database, was at its limit in %d of %d runs of the new "+
			"record, so that throughput is its own more than the server's: give it more CPUs (--pin), or go by CPU "+
			"per request",
			b.bound, b.trials)
	}
	return c, true
}

func first(v, _, _ float64) float64 { return v }

// fewIn says in which of the records a mode's requests do not carry the figure; "" for none. What
// is slower answers fewer, which is throughput's to tell.
func (m Metric) fewIn(w results.Workload, mode string, old, newer []results.Trial) string {
	lacks := func(trials []results.Trial) bool {
		return !(&results.Record{Trials: trials}).Carries(w.Name, mode, m.at(w), m.Figure)
	}
	switch inOld, inNew := lacks(old), lacks(newer); {
	case inOld && inNew:
		return "both records"
	case inOld:
		return "the old record"
	case inNew:
		return "the new record"
	}
	return ""
}

func where(at results.RungKey) string {
	if at.Load == results.Closed {
		return unit.Counted(at.Connections, "connection")
	}
	return "the " + at.Load
}

// weigh sets the ratio of two samples of six or more.
func (c *Change) weigh(old, newer []float64) {
	if min(len(old), len(newer)) < leastTrials {
		c.Outcome = Inconclusive
		c.Reason =
			fmt.Sprintf("only %d of its trials have a yardstick's figure beside them, and at least %d are "+
				"needed: bench it again", min(len(old), len(newer)), leastTrials)
		return
	}
	e := stat.RatioInterval(old, newer)
	c.Ratio, c.Low, c.High = e.Value, e.Low, e.High
	c.Uncorrected = c.oneSided(stat.Differ(old, newer))
}

// weighRelative sets the ratio of both sides' figures over the yardstick's, and the new side's
// figure scaled to the old side's yardstick.
func (c *Change) weighRelative(a, b sample) {
	c.Relative = true
	c.weigh(a.relative, b.relative)
	c.Scaled = c.Old.Value * c.Ratio
}

// impossible describes figures that cannot be measured: negative ones, those beyond any machine,
// and 0 in all trials.
func impossible(what string, old, newer sample) string {
	for _, s := range []struct {
		name string
		sample
	}{{"old", old}, {"new", newer}} {
		const damaged = "in %d of %d trials of the %s record, which no measurement gives: the record is damaged; " +
			"bench it again"
		switch {
		case len(s.wrong) > 0:
			return fmt.Sprintf("%s is %s "+damaged, what, shortly(s.wrong[0]), len(s.wrong), s.trials, s.name)
		case s.none > 0 && s.none == s.trials-s.lost:
			return fmt.Sprintf("%s is 0 "+damaged, what, s.none, s.trials, s.name)
		}
	}
	return ""
}

// shortly writes a number in a few digits: 1e300 for one with an exponent.
func shortly(v float64) string { return strings.Replace(fmt.Sprintf("%.3g", v), "e+", "e", 1) }

// rateApart is the ratio of an open load's rates above which its latencies are not compared.
const rateApart = 1.25

func sameRate(old, newer []float64) bool {
	a, b := stat.Median(old).Value, stat.Median(newer).Value
	return a == b || math.Abs(math.Log(a/b)) <= math.Log(rateApart)
}

// lack sets the reason why nothing can be judged: trials were lost, the bench was too short, or the
// figure does not exist.
func (c *Change) lack(a, b sample) {
	for _, s := range []struct {
		name string
		sample
	}{{"old", a}, {"new", b}} {
		switch {
		case s.trials == 0:
			c.Outcome, c.MoreRounds = Invalid, 0
			c.Reason = fmt.Sprintf("the %s record has no trial of it: bench it again", s.name)
			return
		case s.lost > 0 && s.trials-s.lost < leastTrials:
			c.Outcome, c.MoreRounds = Invalid, 0
			c.Reason = fmt.Sprintf("%d of %d trials in the %s record failed or are VOID, and %d good ones are "+
				"needed: bench it again, with more --rounds if this machine often makes them VOID",
				s.lost, s.trials, s.name, leastTrials)
			return
		case s.trials < leastTrials:
			c.Outcome = Inconclusive
			c.Reason = fmt.Sprintf("the %s record has %d rounds, and at least %d are needed: bench it again with a "+
				"profile that has them", s.name, s.trials, leastTrials)
			c.MoreRounds = max(c.MoreRounds, leastTrials-s.trials)
		case len(s.figures) < leastTrials:
			c.Outcome = Inconclusive
			c.Reason = fmt.Sprintf("%d of %d trials of the %s record have no such figure", s.trials-len(s.figures),
				s.trials, s.name)
		}
	}
}
