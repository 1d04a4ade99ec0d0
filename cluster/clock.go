package cluster

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Clock is how far a member's clock is ahead of the coordinator's. The offset is within
// Uncertainty: half of the quickest round trip.
type Clock struct {
	Offset, Uncertainty, RoundTrip time.Duration
}

// roundTrips is how many of them a clock is compared by. The quickest one counts, since what delays
// the others delays one way more than the other.
const roundTrips = 20

// readClock compares a member's clock with this one.
func (c *Coordinator) readClock(ctx context.Context, id string) (Clock, error) {
	var best Clock
	for range roundTrips {
		sent := time.Now()
		m, err := c.conn.RequestWithContext(ctx, c.names.clock(id), nil)
		took := time.Since(sent)
		if err != nil {
			return Clock{}, fmt.Errorf("compare clocks: %w", err)
		}
		nanos, err := strconv.ParseInt(string(m.Data), 10, 64)
		if err != nil {
			return Clock{}, fmt.Errorf("compare clocks: the answer %.40q is no time", m.Data)
		}
		if best.RoundTrip == 0 || took < best.RoundTrip {
			between := sent.Add(took / 2).Round(0) // by the wall's clock, as the answer
			best = Clock{Offset: time.Unix(0, nanos).Sub(between), Uncertainty: took / 2, RoundTrip: took}
		}
	}
	return best, nil
}

// CompareClocks reads the member's clock anew. The member's Clock must not be read meanwhile.
func (a *Agent) CompareClocks(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	clock, err := a.of.readClock(limited, a.id)
	switch {
	case err == nil:
		a.Clock = clock
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	select {
	case <-a.gone:
		return a.why
	default:
		return &LostError{a.Name, "its clock cannot be read: " + err.Error()}
	}
}
