package load

import (
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/cmd/screen"
	"nodecompare/loadgen"
	"nodecompare/results/report"
)

// drawInterval is the time between two drawings. Each adds a point to the lines of rate and p99.
const drawInterval = screen.Interval + 20*time.Millisecond

// Live draws the progress of a load on a terminal: rate, p99 and errors so far, rate and p99 over
// time, and how latencies are spread.
type Live struct {
	screen  *screen.Screen
	options func(columns int) report.Options
	all     time.Duration // of the load
	most    uint64        // requests, if they end the load; 0 if the time does
	what    string        // is counted
	stop    chan struct{}
	done    sync.WaitGroup

	mu          sync.Mutex
	all99, last *hdrhistogram.Histogram // of all, and of the last interval
	spread      []uint64                // by report.LatencyBounds
	answered    uint64
	errors      uint64
}

// Watch begins to draw. Call Stop afterwards.
func Watch(terminal screen.File, options func(columns int) report.Options, a loadgen.Attack) *Live {
	l := &Live{
		screen: screen.New(terminal), options: options, what: "req", stop: make(chan struct{}),
		all99: newHistogram(), last: newHistogram(),
		spread: make([]uint64, len(report.LatencyBounds)), all: a.Pace().Span(a.Lasts(a.Duration)),
	}
	switch a.Conversation {
	case loadgen.Subscribe:
		l.what = "events"
	case loadgen.Chat:
		l.what = "deliveries"
	case loadgen.Play:
		l.what = "segments"
	}
	if a.Rate == 0 && a.Duration == 0 {
		l.most = a.Requests
	}
	l.done.Go(l.draw)
	return l
}

// Each counts one request, for loadgen.Attack.Each.
func (l *Live) Each(x *loadgen.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x.Kind != "" {
		l.errors++
		return
	}
	l.answered++
	record(l.all99, x)
	record(l.last, x)
	if x.Untimed {
		return
	}
	us := float64(x.End.Sub(x.Due).Microseconds())
	l.spread[min(sort.SearchFloat64s(report.LatencyBounds, us), len(l.spread)-1)]++
}

func (l *Live) draw() {
	tick := time.NewTicker(drawInterval)
	defer tick.Stop()
	start := time.Now()
	last, before := start, uint64(0)
	p := report.LoadProgress{What: l.what}
	for {
		select {
		case <-l.stop:
			return
		case now := <-tick.C:
			l.mu.Lock()
			answered := l.answered
			p.Errors, p.P99US = l.errors, float64(l.all99.ValueAtQuantile(99))/1e3
			lately := float64(l.last.ValueAtQuantile(99)) / 1e3
			l.last.Reset()
			p.Spread = slices.Clone(l.spread)
			l.mu.Unlock()
			p.Rates = append(p.Rates, float64(answered-before)/now.Sub(last).Seconds())
			p.P99sUS = append(p.P99sUS, lately)
			last, before = now, answered
			p.Elapsed = now.Sub(start)
			p.Left = l.left(p.Elapsed, answered+p.Errors)
			l.screen.Draw(func(columns, rows int) []string {
				lines := p.Lines(l.options(columns))
				return lines[:min(len(lines), rows)]
			})
		}
	}
}

// left estimates the time to go.
func (l *Live) left(took time.Duration, requests uint64) time.Duration {
	switch {
	case l.most == 0:
		return max(l.all-took, 0)
	case requests == 0:
		return 0
	}
	return time.Duration(float64(took) * (float64(l.most)/float64(requests) - 1))
}

// Stop ends the drawing and wipes it for the results.
func (l *Live) Stop() {
	close(l.stop)
	l.done.Wait()
	l.screen.Wipe()
}
