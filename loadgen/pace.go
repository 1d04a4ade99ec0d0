package loadgen

import (
	"math"
	"time"
)

// A Pace is how the requests of an open load come due: at a steady rate, or at one that changes
// evenly.
type Pace struct {
	Rate float64       // requests/s at the start; 0 for a closed load
	To   float64       // requests/s at the end of Over; 0 is Rate
	Over time.Duration // the time of the change; it goes on beyond
}

// Pace returns how the attack's requests come due.
func (a Attack) Pace() Pace { return Pace{a.Rate, a.To, a.Duration} }

// growth returns by how much the rate grows in a second.
func (p Pace) growth() float64 {
	if p.To == 0 {
		return 0
	}
	return (p.To - p.Rate) / p.Over.Seconds()
}

// At returns the rate at a time since the start of the run, in requests per second.
func (p Pace) At(t time.Duration) float64 { return p.Rate + p.growth()*t.Seconds() }

// Mean returns the mean rate of a run of the duration.
func (p Pace) Mean(d time.Duration) float64 { return p.At(d / 2) }

// Due returns when the request with the given number is due, from the start of the run. The first
// is due at once. In a ramp it is the time by which the integral of the rate, a parabola, reaches
// the number; where a falling rate never does, the time of its vertex.
func (p Pace) Due(seq uint64) time.Duration {
	n := float64(seq)
	s := n / p.Rate
	if g := p.growth(); g != 0 {
		s = 2 * n / (p.Rate + math.Sqrt(max(p.Rate*p.Rate+2*g*n, 0))) // loses no digits for a small g
	}
	return time.Duration(s * float64(time.Second))
}

// Offered returns the number of requests of a run of the duration.
func (p Pace) Offered(d time.Duration) uint64 {
	return max(1, uint64(math.Round(p.Mean(d)*d.Seconds())))
}

// Span returns how long a run sends: the duration, and at least until its last request's successor
// would be due, N/rate in a load of N requests at a steady rate. The last request has its share of
// the time like any other, so that no run claims more than the offered rate.
func (p Pace) Span(d time.Duration) time.Duration {
	if p.Rate == 0 || p.To != 0 { // the share of one request is lost in a ramp's rounding
		return d
	}
	return max(d, time.Duration(math.Ceil(float64(p.Offered(d))/p.Rate*float64(time.Second))))
}

// Due, Offered and Span are those of a steady rate, in requests per second.
func Due(seq uint64, rate float64) time.Duration       { return Pace{Rate: rate}.Due(seq) }
func Offered(rate float64, d time.Duration) uint64     { return Pace{Rate: rate}.Offered(d) }
func Span(rate float64, d time.Duration) time.Duration { return Pace{Rate: rate}.Span(d) }
