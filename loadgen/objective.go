package loadgen

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Objective is what a server must meet under an open load: p99 latency, counted from when each
// request was due, is at most P99; no request fails; every request is sent.
type Objective struct{ P99 time.Duration }

const (
	settleShare = 5   // a probe ramps for a fifth of its time before measuring
	leastSample = 100 // requests for a p99
	longest     = 10  // times Attack.Duration that a probe may last for them
)

// recovery is the pause after a failed probe, in which the server answers what it still has and
// closes aborted connections.
const recovery = 500 * time.Millisecond

// LeastRate returns the lowest rate that can be probed, at which the longest probe has 100
// requests.
func (o Objective) LeastRate(a Attack) float64 {
	return leastSample / (longest * a.Duration).Seconds()
}

// Probe is one try of a rate.
type Probe struct {
	*Measurement
	Rate  float64
	Meets bool
	Why   string // reason when Meets is false
	Cut   bool   // ended early, when the objective could no longer be met
}

// Try offers a.Rate for a.Duration, or longer at a low rate until it has a hundred requests, on
// connections of its own that a short first run has opened. Try ends early when the objective can
// no longer be met. Its error is Run's.
func (o Objective) Try(ctx context.Context, a Attack) (*Probe, error) {
	duration := max(a.Duration, time.Duration(leastSample/a.Rate*float64(time.Second)))
	trying, giveUp := context.WithCancel(ctx)
	defer giveUp()
	measured := false // written between two runs of the generator
	// One in a hundred may be late, and one more because of how quantiles are rounded.
	allowed := Offered(a.Rate, duration)/100 + 1
	var late, failed uint64
	each := a.Each
	a.Each = func(x *Outcome) {
		if each != nil {
			each(x)
		}
		if !measured {
			return
		}
		if x.Kind != "" {
			failed++
		} else if x.End.Sub(x.Due) > o.P99 {
			late++
		}
		if failed > 0 || late > allowed {
			giveUp()
		}
	}
	g, err := Open(a)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	if _, err := g.Run(ctx, duration/settleShare); err != nil {
		return nil, err
	}
	measured = true
	m, err := g.Measure(trying, duration)
	if ctx.Err() != nil || err != nil && !errors.Is(err, context.Canceled) {
		return nil, errors.Join(ctx.Err(), err)
	}
	p := &Probe{Measurement: m, Rate: a.Rate, Cut: err != nil}
	p.Why = o.shortfall(m.Result, late > allowed)
	p.Meets = p.Why == ""
	if !p.Meets {
		return p, pause(ctx, recovery)
	}
	return p, nil
}

// shortfall says why a result misses the objective; "" if it does not. tooLate says that the run
// was given up because of late responses.
func (o Objective) shortfall(r *Result, tooLate bool) string {
	p99 := time.Duration(r.Latency.ValueAtQuantile(99))
	switch {
	case r.Errors > 0:
		for _, kind := range Kinds {
			if n := r.ErrorKinds[kind]; n > 0 {
				return fmt.Sprintf("%s: %s", kind, r.ErrorExamples[kind])
			}
		}
		return "errors"
	case tooLate || p99 > o.P99:
		return fmt.Sprintf("more than 1%% came later than %v", o.P99)
	case r.Unsent > 0:
		return fmt.Sprintf("%d requests could not be sent in time", r.Unsent)
	}
	return ""
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
