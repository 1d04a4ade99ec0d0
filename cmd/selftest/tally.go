package selftest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	waitPath   = "/wait"
	queuePath  = "/queue"
	probePath  = "/probe"
	eventsPath = "/events"
	takePath   = "/take"
)

// Truth is what the server of a selftest did: how many requests it answered, and how long each took
// inside the server.
type Truth struct {
	Requests uint64 `json:"requests"`
	MinNS    int64  `json:"min_ns"` // nanoseconds, like the following
	P50NS    int64  `json:"p50_ns"`
	P99NS    int64  `json:"p99_ns"`
	MaxNS    int64  `json:"max_ns"`
	// the first error of a connection, which makes the counts doubtful
	Failure string `json:"failure,omitempty"`
}

// tally counts the requests, in the same kind of histogram as the engines', so that both round
// alike.
type tally struct {
	mu       sync.Mutex
	requests uint64
	times    *hdrhistogram.Histogram
	line     *line // of the queue's requests; nil before the first
	failure  error
}

func newTally() *tally { return &tally{times: newHistogram()} }

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(time.Hour), 3) }

func record(h *hdrhistogram.Histogram, d time.Duration) {
	if err := h.RecordValue(int64(min(max(d, 0), time.Hour))); err != nil {
		panic(err) // unreachable: the histogram covers 0 to an hour
	}
}

func (t *tally) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	record(t.times, d)
}

func (t *tally) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failure == nil {
		t.failure = err
	}
}

// join adds a request to the line, which the first request begins. ok is false for a request of
// another kind than those before it.
func (t *tally) join(law string, mean time.Duration, arrived time.Time) (served time.Time, ok bool) {
	t.mu.Lock()
	if t.line == nil {
		t.line = newLine(law, mean)
	}
	l := t.line
	t.mu.Unlock()
	if l.law != law || l.mean != mean {
		return time.Time{}, false
	}
	return l.join(arrived), true
}

// take returns the truth since the last take.
func (t *tally) take() Truth {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := truthOf(t.times)
	all.Requests = t.requests
	if t.failure != nil {
		all.Failure = t.failure.Error()
	}
	t.requests, t.line, t.failure = 0, nil, nil
	t.times.Reset()
	return all
}

func truthOf(h *hdrhistogram.Histogram) Truth {
	return Truth{
		Requests: uint64(h.TotalCount()), MinNS: h.Min(), P50NS: h.ValueAtQuantile(50),
		P99NS: h.ValueAtQuantile(99), MaxNS: h.Max(),
	}
}

// take asks a selftest's server for its truth since the last time.
func take(ctx context.Context, url string) (Truth, error) {
	// The client has its own transport, without a proxy from the environment and without idle
	// connections left at the server.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: requestTimeout}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url+takePath, nil)
	if err != nil {
		return Truth{}, err
	}
	r, err := client.Do(q)
	if err != nil {
		return Truth{}, fmt.Errorf("ask the selftest's server what it did: %w", err)
	}
	var t Truth
	if r.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answered %s", r.Status)
	} else {
		err = json.NewDecoder(r.Body).Decode(&t)
	}
	if err == nil && t.Failure != "" {
		err = errors.New(t.Failure)
	}
	if err = errors.Join(err, r.Body.Close()); err != nil {
		return Truth{}, fmt.Errorf("ask the selftest's server what it did at %s: %w", url+takePath, err)
	}
	return t, nil
}
