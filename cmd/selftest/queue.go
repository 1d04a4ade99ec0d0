package selftest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/results"
)

// A Queue is an open load at an even pace on a server that serves one request after another in the
// order of arrival: a D/D/1 queue, or with exponentially distributed service times a D/M/1. A
// request's time follows from its due time and the service times, which both sides draw from one
// seed.
type Queue struct {
	Law         string // of the service times: one of Laws
	Mean        time.Duration
	Utilisation float64
	Duration    time.Duration
}

// Laws are the distributions of service times: always the mean, or exponential.
var Laws = []string{"D", "M"}

const (
	// queueConnections usually exceed the requests in flight.
	queueConnections = 64
	queueSeed        = 5
	// queueTime is how much a request may exceed its computed time, for the timers and wake-ups at
	// both ends.
	queueTime = 2 * time.Millisecond
	// queueRounding is how far a quantile may be below the computed one, for the rounding of two
	// histograms.
	queueRounding = 0.002
)

func (q Queue) rate() float64 { return q.Utilisation / q.Mean.Seconds() }

func (q Queue) target() string {
	return fmt.Sprintf("%s?us=%d&law=%s", queuePath, q.Mean.Microseconds(), q.Law)
}

func (q Queue) name() string {
	return fmt.Sprintf("%s/%s/1 at %.0f%%", Laws[0], q.Law, 100*q.Utilisation)
}

// Path returns the time of each of n requests that arrive when they are due, by Lindley's
// recursion.
func (q Queue) Path(n uint64) []time.Duration {
	l := newLine(q.Law, q.Mean)
	began := time.Time{}
	all := make([]time.Duration, n)
	for i := range all {
		due := began.Add(time.Duration(float64(i) / q.rate() * float64(time.Second)))
		all[i] = l.join(due).Sub(due)
	}
	return all
}

// line is the requests' waiting line.
type line struct {
	law     string
	mean    time.Duration
	service func() time.Duration

	mu   sync.Mutex
	free time.Time // when all that have joined are served
}

func newLine(law string, mean time.Duration) *line {
	l := &line{law: law, mean: mean, service: func() time.Duration { return mean }}
	if law == Laws[1] {
		random := rand.New(rand.NewPCG(queueSeed, 0))
		l.service = func() time.Duration { return time.Duration(random.ExpFloat64() * float64(mean)) }
	}
	return l
}

// join adds a request and returns when it is served. The server does nothing until then, so a
// thread that wakes late delays one answer and none behind it.
func (l *line) join(arrived time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if arrived.After(l.free) {
		l.free = arrived
	}
	l.free = l.free.Add(l.service())
	return l.free
}

// queue compares the engine's latency with the computed times of the same requests.
func (r *runner) queue(ctx context.Context, e Engine, q Queue) (attempt, error) {
	g, err := r.open(ctx, e, q.target(), queueConnections, q.rate())
	if err != nil {
		return attempt{}, err
	}
	defer g.Close()
	l, truth, w, err := r.observed(ctx, g, q.Duration)
	if err != nil {
		return attempt{}, err
	}
	path := newHistogram()
	for _, took := range q.Path(l.Requests) {
		record(path, took)
	}
	var a attempt
	for _, f := range quantiles {
		if float64(l.Requests)*(100-f.percent) < 100 {
			continue // no request lies beyond the quantile
		}
		c := timeCheck(e, q.name(), f.figure, inMicros(time.Duration(path.ValueAtQuantile(f.percent))),
			inMicros(queueTime), l, f.percent)
		a.addQueued(c, w, inOrder(l.SendLag, q.rate()))
	}
	a.addCount(counted(l, q.rate(), q.Duration, truth))
	return a, nil
}

var quantiles = []struct {
	figure  string
	percent float64
}{{figureP50, 50}, {figureP90, 90}, {figureP99, 99}, {figureP999, 99.9}}

// inOrder reports whether each request was sent before the next one was due, so that none can have
// overtaken another.
func inOrder(lag *hdrhistogram.Histogram, rate float64) bool {
	return time.Duration(lag.Max()).Seconds() < 1/rate
}

// addQueued judges a queue's time, which may be above the truth by the tolerance, but not below it.
func (a *attempt) addQueued(c results.SelftestCheck, w Witness, ordered bool) {
	below := c.Truth - c.Measured
	if below <= queueRounding*c.Truth {
		a.add(c, w)
		return
	}
	c.Verdict, c.Reason = results.SelftestWrong,
		fmt.Sprintf("%v less than the queue takes: no noise makes a request shorter than it was", brief(micros(below)))
	if !ordered {
		c.Verdict, c.Reason = results.SelftestNoisy,
			"requests were sent so late that some may have overtaken others, and it was another queue"
	}
	a.certain = a.certain || ordered
	a.checks = append(a.checks, c)
}
