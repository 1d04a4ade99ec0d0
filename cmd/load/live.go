package load

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/schollz/progressbar/v3"

	"nodecompare/loadgen"
	"nodecompare/results/report"
	"nodecompare/results/unit"
)

// drawInterval is the time between two drawings of the live line. Its rate is over the last
// interval.
const drawInterval = 500 * time.Millisecond

// Live draws the progress of a load on a terminal: rate, p99 so far, errors, time left.
type Live struct {
	w       io.Writer
	bar     *progressbar.ProgressBar
	all     int64  // of the bar
	most    uint64 // requests, if they end the load; 0 if the time does
	what    string // is counted
	columns int
	stop    chan struct{}
	done    sync.WaitGroup

	mu       sync.Mutex
	latency  *hdrhistogram.Histogram
	answered uint64
	errors   uint64
}

// barRoom is the width needed beside the bar: the figures, and the remaining time.
const barRoom = 68

// Watch begins to draw. Call Stop afterwards.
func Watch(w io.Writer, columns int, a loadgen.Attack) *Live {
	l := &Live{
		w: w, what: "req", columns: columns, stop: make(chan struct{}), latency: newHistogram(),
		all: loadgen.Span(a.Rate, a.Lasts(a.Duration)).Milliseconds(),
	}
	if a.Conversation == loadgen.Subscribe {
		l.what = "events"
	}
	if a.Rate == 0 && a.Duration == 0 {
		l.all, l.most = int64(a.Requests), a.Requests
	}
	l.bar = progressbar.NewOptions64(l.all,
		progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(max(columns-barRoom, 4)),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetRenderBlankState(true),
	)
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
	record(l.latency, x)
}

func (l *Live) draw() {
	tick := time.NewTicker(drawInterval)
	defer tick.Stop()
	start := time.Now()
	last, before := start, uint64(0)
	for {
		select {
		case <-l.stop:
			return
		case now := <-tick.C:
			l.mu.Lock()
			answered, errors, p99 := l.answered, l.errors, l.latency.ValueAtQuantile(99)
			l.mu.Unlock()
			rps := float64(answered-before) / now.Sub(last).Seconds()
			last, before = now, answered
			done := now.Sub(start).Milliseconds()
			if l.most > 0 {
				done = int64(answered + errors)
			}
			text := report.LiveLoad(l.what, rps, float64(p99)/1e3, errors)
			if took := now.Sub(start); done > 0 && l.columns >= barRoom {
				left := time.Duration(float64(took) * (float64(l.all)/float64(done) - 1))
				text += "; about " + unit.Spoken(max(left, 0)) + " left"
			}
			l.bar.Describe(text)
			// A full bar would be wiped while the last responses are still to come.
			if err := l.bar.Set64(min(done, l.all-1)); err != nil {
				return // a terminal error does not affect the results
			}
		}
	}
}

// Stop ends the drawing and wipes the line for the results.
func (l *Live) Stop() {
	close(l.stop)
	l.done.Wait()
	fmt.Fprint(l.w, "\r\x1b[K")
}
