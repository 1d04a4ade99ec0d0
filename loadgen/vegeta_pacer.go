package loadgen

import (
	"time"
)

// pacer is vegeta's Pacer and does the waiting itself. vegeta's own sleep cannot be cancelled (10 s
// at a rate of 0.1/s), and its time.Sleep is rounded up to a millisecond of epoll_wait in a Go
// process with nothing else to do.
//
// vegeta's constant pacer also supports only whole rates, and sends its first request one interval
// late.
type pacer struct {
	start       time.Time
	duration    time.Duration // in an open load its Span
	rate        float64       // requests/s at the start; 0 is a closed load
	pace        Pace
	offered     uint64 // requests of the run; in a closed load the limit, or 0
	waiter      *waiter
	interrupted <-chan struct{}
}

// Pace waits until the next request is due and reports whether the run is over.
func (p *pacer) Pace(_ time.Duration, sent uint64) (wait time.Duration, stop bool) {
	select {
	case <-p.interrupted:
		return 0, true
	default:
	}
	now := time.Since(p.start)
	if p.rate == 0 {
		return 0, now >= p.duration || p.offered > 0 && sent >= p.offered
	}
	if now >= p.duration+Grace {
		return 0, true
	}
	if sent >= p.offered { // all are sent, but the last one's time is not over
		if now < p.duration {
			p.waiter.wait(p.duration - now)
		}
		return 0, true
	}
	if ahead := p.pace.Due(sent) - now; ahead > 0 {
		return 0, !p.waiter.wait(max(ahead, quantum(p.pace.At(now))))
	}
	return 0, false
}

// quantum returns the shortest wait. Waking on time for each request costs twice the CPU at
// 20,000/s (docs/calibration.md), so the wait grows with the rate, up to half a millisecond, and
// the requests due meanwhile are sent in one batch: single requests on time up to 5,000/s (200 µs
// apart), batches of ten at 20,000/s. SendLag shows the cost.
func quantum(rate float64) time.Duration {
	return min(time.Duration(25*rate), 500*time.Microsecond)
}

// Rate returns the offered rate at a time of the run, in requests per second.
func (p *pacer) Rate(at time.Duration) float64 { return p.pace.At(at) }
