package selftest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"nodecompare/loadgen"
	"nodecompare/results"
)

// waits returns the target with the given service time.
func waits(d time.Duration) string { return fmt.Sprintf("%s?us=%d", waitPath, d.Microseconds()) }

// open prepares a load on a target, and warms it up on the connections of the measured run.
func (r *runner) open(ctx context.Context, e Engine, target string, connections int, rate float64) (Generator, error) {
	g, err := e.Open(loadgen.Attack{
		Target:      loadgen.Target{URL: r.server.URL + target},
		Connections: connections, Rate: rate, Timeout: requestTimeout, WantStatus: 200,
	})
	if err != nil {
		return nil, err
	}
	_, err = g.Run(ctx, warmup)
	if err == nil {
		_, err = take(ctx, r.server.URL) // discards the warm-up's truth
	}
	if err != nil {
		g.Close()
		return nil, err
	}
	return g, nil
}

// delay compares the engine's latency with the server's own measurement of the same requests.
func (r *runner) delay(ctx context.Context, e Engine, d Delay) (attempt, error) {
	g, err := r.open(ctx, e, waits(d.Wait), delayConnections, d.Rate)
	if err != nil {
		return attempt{}, err
	}
	defer g.Close()
	l, truth, w, err := r.observed(ctx, g, d.Duration)
	if err != nil {
		return attempt{}, err
	}
	var a attempt
	for _, c := range asMeasured(e, "delay "+inMillis(d.Wait), l, truth) {
		a.add(c, w)
	}
	a.addCount(counted(l, d.Rate, d.Duration, truth))
	return a, nil
}

// stall compares the engine's latency with the arithmetic of a stop of measured length.
func (r *runner) stall(ctx context.Context, e Engine, s Stall) (attempt, error) {
	g, err := r.open(ctx, e, waits(0), s.Connections, s.Rate)
	if err != nil {
		return attempt{}, err
	}
	defer g.Close()
	held := make(chan stopped, 1)
	go func() { held <- s.stop(ctx, r.server.PID) }()
	l, truth, w, err := r.observed(ctx, g, s.Duration)
	h := <-held
	if err = errors.Join(err, h.err); err != nil {
		return attempt{}, err
	}
	var a attempt
	for _, f := range []struct {
		figure  string
		percent float64
	}{{figureP90, 90}, {figureP99, 99}, {figureMax, 100}} {
		known := inMicros(s.Latency(f.percent, l.Requests-l.Errors, h.length))
		a.add(timeCheck(e, "stall "+inMillis(s.Length), f.figure, known, stallShare*known+inMicros(h.doubt),
			l, f.percent), w)
	}
	a.certain = false // stop and arithmetic are less exact than a server's clock
	for i := range a.checks {
		c := &a.checks[i]
		// Sleeping threads stop when they next get a CPU. An engine with a defect is off by almost
		// the whole stop.
		if short := micros(c.Truth - c.Measured); c.Verdict == results.SelftestWrong && w.crowded() &&
			short > 0 && short <= h.length/lateStop {
			c.Verdict = results.SelftestNoisy
			c.Reason =
				fmt.Sprintf(
					"%v less than the signals say, but %s, and the server may have stopped that much later",
					brief(short), w.crowd())
		}
	}
	a.addCount(counted(l, s.Rate, s.Duration, truth))
	for i := range a.checks {
		if c := &a.checks[i]; c.Verdict == results.SelftestOK && h.doubt > h.length/100 {
			c.Verdict = results.SelftestNoisy
			c.Reason =
				fmt.Sprintf("the signals took %v to be sent, so that the stop's true length is not known",
					brief(h.doubt))
		}
	}
	return a, nil
}

// timeCheck makes a check of a latency.
// asMeasured checks an engine's median and tail against the server's own measurement.
func asMeasured(e Engine, load string, l *loadgen.Result, truth Truth) (all []results.SelftestCheck) {
	for _, f := range []struct {
		figure  string
		percent float64
		truth   int64
		least   time.Duration // smallest error allowed
	}{{figureP50, 50, truth.P50NS, medianTime}, {figureP99, 99, truth.P99NS, tailTime}} {
		known := inMicros(time.Duration(f.truth))
		all = append(all, timeCheck(e, load, f.figure, known, max(delayShare*known, inMicros(f.least)), l, f.percent))
	}
	return all
}

func timeCheck(e Engine, load, figure string, truth, allowed float64, l *loadgen.Result,
	percent float64) results.SelftestCheck {
	uncorrected := float64(l.Uncorrected.ValueAtQuantile(percent)) / 1e3
	return results.SelftestCheck{
		Engine: e.Name, Load: load, Figure: figure, Unit: unitMicros, Truth: truth, Allowed: allowed,
		Measured: float64(l.Latency.ValueAtQuantile(percent)) / 1e3, Uncorrected: &uncorrected,
	}
}

func (a *attempt) add(c results.SelftestCheck, w Witness) {
	var certain bool
	c = Allow(c, w)
	c.Verdict, c.Reason, certain = Judge(c, w)
	a.certain = a.certain || certain
	a.checks = append(a.checks, c)
}

// count compares the requests that the engine says it sent with those that the server saw.
func (r *runner) count(ctx context.Context, e Engine, c Load) (attempt, error) {
	g, err := r.open(ctx, e, waits(0), delayConnections, c.Rate)
	if err != nil {
		return attempt{}, err
	}
	defer g.Close()
	l, err := g.Run(ctx, c.Duration)
	if err != nil {
		return attempt{}, err
	}
	truth, err := take(ctx, r.server.URL)
	if err != nil {
		return attempt{}, err
	}
	n := counted(l, c.Rate, c.Duration, truth)
	check := results.SelftestCheck{
		Engine: e.Name, Load: "count", Figure: figureRequests, Unit: unitRequests,
		Truth: float64(n.Offered), Measured: float64(n.Seen),
	}
	a := attempt{}
	check.Verdict, check.Reason, a.certain = n.Judge()
	a.checks = append(a.checks, check)
	return a, nil
}

// counted returns the counts of an open load's requests.
func counted(l *loadgen.Result, rate float64, d time.Duration, truth Truth) Count {
	return Count{
		Offered: uint64(math.Round(rate * d.Seconds())), Sent: l.Requests, Unsent: l.Unsent,
		Errors: l.Errors, Retries: l.Retries, Seen: truth.Requests,
	}
}

// addCount judges the count behind the times, because times of other requests than the server's
// prove nothing.
func (a *attempt) addCount(c Count) {
	verdict, reason, certain := c.Judge()
	if verdict == results.SelftestOK {
		return
	}
	a.certain = certain
	for i := range a.checks {
		a.checks[i].Verdict, a.checks[i].Reason = verdict, reason
	}
}

// search finds the highest rate with a send lag within lagLimit. A failing rate is tried a second
// time if there is time to spare, so that one hiccup does not halve the result.
func (r *runner) search(ctx context.Context, e Engine, s Search) error {
	b, err := loadgen.Search{
		First: s.Lowest, Least: s.Lowest, Most: s.Highest, Resolution: s.Resolution, Agreement: 1,
	}.Find(func(rate float64) (bool, error) {
		ok, err := r.holds(ctx, e, rate, s.Duration)
		if err != nil || ok || r.spare <= 0 {
			return ok, err
		}
		began := time.Now()
		ok, err = r.holds(ctx, e, rate, s.Duration)
		r.spare -= time.Since(began)
		return ok, err
	})
	if err != nil {
		return err
	}
	c := results.SelftestCheck{Engine: e.Name, Load: "highest rate", Figure: figureRate, Unit: unitRate,
		Truth: s.Lowest, Measured: b.Holds, Attempts: 1}
	c.Verdict, c.Reason = judgeRate(c)
	r.report.Checks = append(r.report.Checks, c)
	return nil
}

func (r *runner) holds(ctx context.Context, e Engine, rate float64, d time.Duration) (bool, error) {
	g, err := r.open(ctx, e, waits(0), 2*delayConnections, rate)
	if err != nil {
		return false, err
	}
	defer g.Close()
	l, err := g.Run(ctx, d)
	if err != nil {
		return false, err
	}
	lag := time.Duration(l.SendLag.ValueAtQuantile(99))
	return l.Errors == 0 && l.Unsent == 0 && lag < lagLimit, nil
}
