package loadgen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/loadgen/response"
)

// MaxLatency is the largest value that a histogram holds; what is longer counts as this. One constant for all, so
// that any two histograms can be merged.
const MaxLatency = time.Hour

// Result is what a run measured.
type Result struct {
	Requests      uint64            // sent, and answered or failed: Errors plus the successes
	Errors        uint64            // of these, failed: the sum of ErrorKinds
	ErrorKinds    map[string]uint64 // by kind: see Kinds
	ErrorExamples map[string]string // the first error's text of each kind
	Codes         map[int]uint64    // whole responses by status, wanted or not
	Aborted       uint64            // sent, but cut short by the end of the context; in none of the above
	Unsent        uint64            // offered in time, never sent for want of a connection or of CPU; 0 in a closed load
	Retries       uint64            // sent again, for the kept-alive connection had been closed; counted once in Requests
	Offered       float64           // requests/s asked for; 0 in a closed load
	Duration      time.Duration     // how long requests were to be sent; their answers are waited for beyond it
	Starting      time.Duration     // of a closed load on the loop: when a connection sent its first request, the mean of all
	Elapsed       time.Duration     // from the start to the end of the last request
	BytesIn       uint64            // of response bodies

	// The histograms hold nanoseconds, with 3 significant digits, up to MaxLatency, and never a failed request's.
	// Latency counts from the moment a request was due, start + seq/rate; Uncorrected from the moment it was taken up
	// to be sent, as most tools report it. In a closed load the two are one and the same histogram.
	Latency     *hdrhistogram.Histogram
	Uncorrected *hdrhistogram.Histogram
	// SendLag is the difference: when each request that was sent, failed ones too, was taken up, after it was due, in
	// nanoseconds. Empty in a closed load.
	SendLag *hdrhistogram.Histogram

	// Completed is how many requests succeeded in each CompletedEvery of Elapsed, by the time of their end, the
	// oldest first: 512 bins at most. The width is 10 ms, and doubles whenever the run gets too long for it; the
	// last bin is cut short by the run's end.
	Completed      []uint64
	CompletedEvery time.Duration
}

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(MaxLatency), 3) }

// Unanswered is an error when requests were sent and none of them was answered as it should be: why, by the kinds of error with an
// example each.
func (r *Result) Unanswered() error {
	if r.Requests == 0 || r.Errors < r.Requests {
		return nil
	}
	var all []string
	for _, kind := range Kinds {
		if n := r.ErrorKinds[kind]; n > 0 {
			all = append(all, fmt.Sprintf("%d %s (%s)", n, kind, r.ErrorExamples[kind]))
		}
	}
	return fmt.Errorf("no request was answered as it should be: %s", strings.Join(all, ", "))
}

// Add takes another run of the same attack in, as if the two had been one with a pause: counts and times are
// added, and the histograms merged. The other is not changed. BytesIn, Requests and the like are then of both;
// Offered stays.
func (r *Result) Add(other *Result) {
	r.Requests += other.Requests
	r.Errors += other.Errors
	r.Aborted += other.Aborted
	r.Unsent += other.Unsent
	r.Retries += other.Retries
	r.BytesIn += other.BytesIn
	r.Elapsed += other.Elapsed
	r.Duration += other.Duration
	r.Starting += other.Starting
	for kind, n := range other.ErrorKinds {
		r.ErrorKinds[kind] += n
	}
	for kind, example := range other.ErrorExamples {
		if _, has := r.ErrorExamples[kind]; !has {
			r.ErrorExamples[kind] = example
		}
	}
	for code, n := range other.Codes {
		r.Codes[code] += n
	}
	// All histograms have the same bounds, so that nothing is dropped.
	r.Latency.Merge(other.Latency)
	if r.Uncorrected != r.Latency {
		r.Uncorrected.Merge(other.Uncorrected)
	}
	r.SendLag.Merge(other.SendLag)
	r.Completed, r.CompletedEvery = joined(r, other)
}

// Beside takes in another run, of the same time and the same target: the two are one load of both rates. Neither
// may be used with Add afterwards.
func (r *Result) Beside(other *Result) {
	elapsed, duration := max(r.Elapsed, other.Elapsed), max(r.Duration, other.Duration)
	bins, every := summed(r, other)
	r.Add(other)
	r.Offered += other.Offered
	r.Elapsed, r.Duration, r.Completed, r.CompletedEvery = elapsed, duration, bins, every
}

// summed adds the timelines up, bin by bin, in bins of the wider one's width.
func summed(a, b *Result) ([]uint64, time.Duration) {
	every := max(a.CompletedEvery, b.CompletedEvery)
	var bins []uint64
	for _, r := range []*Result{a, b} {
		if r.CompletedEvery <= 0 {
			continue
		}
		each := int(every / r.CompletedEvery)
		for i, n := range r.Completed {
			if i/each == len(bins) {
				bins = append(bins, 0)
			}
			bins[i/each] += n
		}
	}
	return bins, every
}

// joined puts one timeline behind the other, in bins of the wider one's width.
func joined(a, b *Result) ([]uint64, time.Duration) {
	every := max(a.CompletedEvery, b.CompletedEvery)
	var bins []uint64
	for _, r := range []*Result{a, b} {
		if r.CompletedEvery <= 0 {
			continue
		}
		each := int(every / r.CompletedEvery) // a power of two: a width doubles, from the same for all
		for i, n := range r.Completed {
			if i%each == 0 {
				bins = append(bins, 0)
			}
			bins[len(bins)-1] += n
		}
	}
	return bins, every
}

// The kinds of error in Result.ErrorKinds.
const (
	Refused   = "refused"   // nothing listens, or its backlog is full: ECONNREFUSED
	Reset     = "reset"     // the connection was closed or reset before the response was whole
	Timeout   = "timeout"   // no whole response within Attack.Timeout
	Status    = "status"    // a whole response with another status than the wanted
	Body      = "body"      // a whole response with the wanted status, but another body than Attack.WantBody
	Malformed = "malformed" // not an HTTP/1.1 response
	Other     = "other"     // any other: a name that does not resolve, no free port or file descriptor, a body over Attack.MaxBody
)

// Kinds lists them all, in the order to print.
var Kinds = []string{Refused, Reset, Timeout, Status, Body, Malformed, Other}

// What the end of the run's context does to requests is not the server's doing, and so no error.
const (
	aborted = "aborted"  // it was in flight
	notSent = "not sent" // vegeta had handed it out, but it was not sent
)

func classify(err error) string {
	var bad *response.MalformedError
	var timed net.Error
	switch {
	case errors.As(err, &bad):
		return Malformed
	case errors.As(err, &timed) && timed.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Reset
	}
	return Other
}

// failure is how one request failed.
type failure struct {
	kind string
	text string
}
