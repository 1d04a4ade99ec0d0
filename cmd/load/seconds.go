package load

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// Second is what a load did in one second: a line of --out.
type Second struct {
	Time time.Time `json:"time"` // of its end
	// DurationS is 1 but for the last second, which is shorter, and for one longer while the output
	// was not read.
	DurationS  float64           `json:"duration_s"`
	Requests   uint64            `json:"requests"` // that ended in it, answered or failed
	Errors     uint64            `json:"errors"`
	ErrorKinds map[string]uint64 `json:"error_kinds"`
	RateRPS    float64           `json:"rate_rps"` // requests without error
	// OfferedRPS is the rate at which requests were due in its middle; of an open load alone, and
	// not before the first request has ended.
	OfferedRPS float64 `json:"offered_rps,omitempty"`
	InFlight   int64   `json:"in_flight"` // at its end
	// of the requests without error; null without any
	LatencyUS *results.Latency `json:"latency_us"`
}

// Seconds sums a load up second by second while it runs, for a file and for Prometheus. Each
// request counts in the second in which it ended, so the seconds add up to the run.
type Seconds struct {
	out      io.Writer
	inFlight *atomic.Int64
	pace     loadgen.Pace
	span     time.Duration // in which requests are due
	stop     chan struct{}
	done     sync.WaitGroup
	err      error // of writing; read it after done

	mu       sync.Mutex
	started  time.Time // of the run, once a request has ended
	began    time.Time // start of the current second
	now, all Second    // sums of the current second, and of the whole run
	latencyS float64   // the sum of the run's latencies, in seconds
	timed    uint64    // how many they are
	last     Second    // the previous second
	latency  *hdrhistogram.Histogram
	spare    *hdrhistogram.Histogram // the next second's
}

// NewSeconds begins the first second of an attack, whose InFlight is not nil. Call Close
// afterwards. out gets a line of JSON a second, and may be nil.
func NewSeconds(out io.Writer, a loadgen.Attack) *Seconds {
	s := &Seconds{
		out: out, inFlight: a.InFlight, pace: a.Pace(), stop: make(chan struct{}), began: time.Now(),
		span:    a.Pace().Span(a.Lasts(a.Duration)),
		latency: newHistogram(), spare: newHistogram(),
		now: Second{ErrorKinds: map[string]uint64{}}, all: Second{ErrorKinds: map[string]uint64{}},
	}
	s.done.Go(s.tick)
	return s
}

// Each counts one request, for loadgen.Attack.Each.
func (s *Seconds) Each(x *loadgen.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started.IsZero() && s.pace.Rate > 0 {
		s.started = x.Due.Add(-s.pace.Due(x.Seq))
	}
	for _, sums := range []*Second{&s.now, &s.all} {
		sums.Requests++
		if x.Kind != "" {
			sums.Errors++
			sums.ErrorKinds[x.Kind]++
		}
	}
	if x.Kind != "" {
		return
	}
	record(s.latency, x)
	if !x.Untimed {
		s.timed++
		s.latencyS += max(x.End.Sub(x.Due), 0).Seconds()
	}
}

func (s *Seconds) tick() {
	each := time.NewTicker(time.Second)
	defer each.Stop()
	for {
		select {
		case <-s.stop:
			s.write(s.end())
			return
		case <-each.C:
			s.write(s.end())
		}
	}
}

// end ends the current second and begins the next.
func (s *Seconds) end() Second {
	s.mu.Lock()
	ended, latency := s.now, s.latency
	now := time.Now()
	ended.Time, ended.DurationS, ended.InFlight = now, max(now.Sub(s.began), 1).Seconds(), s.inFlight.Load()
	if !s.started.IsZero() {
		// Nothing is due after the span, in which the last answers come.
		if middle := max(now.Add(-now.Sub(s.began)/2).Sub(s.started), 0); middle < s.span {
			ended.OfferedRPS = s.pace.At(middle)
		}
	}
	s.began, s.now = now, Second{ErrorKinds: map[string]uint64{}}
	s.latency, s.spare = s.spare, nil
	s.mu.Unlock()

	ended.RateRPS = float64(ended.Requests-ended.Errors) / ended.DurationS
	if latency.TotalCount() > 0 {
		figures := measure.Latency(latency)
		ended.LatencyUS = &figures
	}
	latency.Reset()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.spare, s.last = latency, ended
	return ended
}

// write writes a line in one piece. A write error does not end the load, and nothing is written
// after it.
func (s *Seconds) write(ended Second) {
	if s.out == nil || s.err != nil {
		return
	}
	line, err := json.Marshal(ended)
	if err == nil {
		_, err = s.out.Write(append(line, '\n'))
	}
	s.err = err
}

// Close ends the last second. It returns the error of the first line that could not be written.
func (s *Seconds) Close() error {
	close(s.stop)
	s.done.Wait()
	if s.err != nil {
		return fmt.Errorf("write a line a second: %w", s.err)
	}
	return nil
}
