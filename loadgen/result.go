package loadgen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/loadgen/response"
	"nodecompare/loadgen/sample"
)

// MaxLatency is the largest value that a histogram holds; what is longer counts as this. One
// constant for all, so that any two histograms can be merged.
const MaxLatency = time.Hour

// Result is what a run measured.
type Result struct {
	Requests      uint64            // sent, and answered or failed: Errors plus the successes
	Errors        uint64            // of these, failed: the sum of ErrorKinds
	ErrorKinds    map[string]uint64 // by kind: see Kinds
	ErrorExamples map[string]string // the first error's text of each kind
	Codes         map[int]uint64    // whole responses by status, wanted or not
	Aborted       uint64            // sent, but cut short by the end of the context; in none of the above
	// offered in time, never sent for want of a connection or of CPU; 0 in a closed load
	Unsent uint64
	// sent again, for the kept-alive connection had been closed; counted once in Requests
	Retries  uint64
	Offered  float64       // requests/s asked for; 0 in a closed load
	Duration time.Duration // how long requests were to be sent; their answers are waited for beyond it
	// of a closed load on the loop: when a connection sent its first request, the mean of all
	Starting time.Duration
	// from the start to the end of the last request; in an open load at least its Span, unless it
	// was cut short
	Elapsed time.Duration
	BytesIn uint64                   // of response bodies
	until   time.Duration            // when the last request was taken up
	firsts  map[string]time.Duration // when each of ErrorExamples was
	// what each thread of the loop engine spent, in their order; nil for one thread, whose CPU time
	// is the process's
	Threads []sample.ThreadUse

	// The histograms hold nanoseconds, with 3 significant digits, up to MaxLatency, and never a
	// failed request's. Latency counts from the moment a request was due, start + seq/rate;
	// Uncorrected from the moment it was taken up to be sent, as most tools report it. In a closed
	// load the two are one and the same histogram.
	Latency     *hdrhistogram.Histogram
	Uncorrected *hdrhistogram.Histogram
	// Failed is how long failed requests took, from the moment that Latency counts from; nil where
	// none failed.
	Failed *hdrhistogram.Histogram
	// SendLag is the difference: when each request that was sent, failed ones too, was taken up,
	// after it was due, in nanoseconds. Empty in a closed load.
	SendLag *hdrhistogram.Histogram

	// Completed is how many requests succeeded in each CompletedEvery of Elapsed, by the time of
	// their end, the oldest first: 512 bins at most. The width is 10 ms, and doubles whenever the
	// run gets too long for it; the last bin is cut short by the run's end.
	Completed      []uint64
	CompletedEvery time.Duration
}

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(MaxLatency), 3) }

// NoAnswer is the error of a run in which no request was answered as it should be.
type NoAnswer struct {
	Hung bool   // nothing but the requests' timeouts ended them
	Why  string // the kinds of error, with an example each
}

func (n *NoAnswer) Error() string { return "no request was answered as it should be: " + n.Why }

// Unanswered is a *NoAnswer when requests were sent and none of them was answered as it should be.
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
	return &NoAnswer{r.ErrorKinds[Timeout] == r.Requests, strings.Join(all, ", ")}
}

// Add takes another run of the same attack in, as if the two had been one with a pause: counts and
// times are added, and the histograms merged. The other is not changed. BytesIn, Requests and the
// like are then of both; Offered stays.
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
	if other.Failed != nil {
		if r.Failed == nil {
			r.Failed = newHistogram()
		}
		r.Failed.Merge(other.Failed)
	}
	r.Completed, r.CompletedEvery = joined(r, other)
}

// Beside takes in another run, of the same time and the same target: the two are one load of both
// rates. Neither may be used with Add afterwards.
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

// recorder adds up what became of requests, one by one, and keeps none of them.
type recorder struct {
	attack Attack
	start  time.Time // of the run, and told: both for Attack.Each
	told   Outcome
	res    Result
	sent   uint64
	codes  [1000]uint64
	ends   timeline // of the successes
}

// outcome is what became of one request. Times count from the start of the run.
type outcome struct {
	told    bool // within a turn or between two, and no answer to a request: sent is when it was said
	seq     uint64
	target  int             // that it went to: the index in Attack.Targets()
	sent    time.Duration   // when it was taken up to be sent
	done    time.Duration   // when its response was whole, or it had failed
	answer  response.Answer // the response, if it was whole
	failure failure         // with a kind if it was not
}

func newRecorder(a Attack) *recorder {
	r := &recorder{attack: a, ends: newTimeline()}
	r.res = Result{
		ErrorKinds: make(map[string]uint64), ErrorExamples: make(map[string]string), Codes: make(map[int]uint64),
		firsts: make(map[string]time.Duration), Offered: a.Rate, Latency: newHistogram(), SendLag: newHistogram(),
	}
	r.res.Uncorrected = r.res.Latency
	if a.Rate > 0 {
		r.res.Uncorrected = newHistogram()
	}
	return r
}

// begins is called once for each connection of a closed load that opens them before it starts, at
// its turn to send first.
func (r *recorder) begins(at time.Duration) {
	r.res.Starting += at / time.Duration(r.attack.Connections)
}

func (r *recorder) add(x *outcome) {
	if !x.told {
		r.sent++
	}
	r.res.Elapsed = max(r.res.Elapsed, x.done)
	r.res.until = max(r.res.until, x.sent)
	if r.attack.Rate > 0 && !x.told {
		record(r.res.SendLag, x.sent-Due(x.seq, r.attack.Rate))
	}
	if x.failure.kind == aborted {
		r.res.Aborted++
		return
	}
	r.res.Requests++
	if x.failure.kind != "" {
		r.fail(x, x.failure)
		return
	}
	r.codes[x.answer.Status%1000]++
	r.res.BytesIn += uint64(x.answer.Size)
	switch {
	case !r.wanted(x.answer.Status):
		r.fail(x, failure{Status, "status " + strconv.Itoa(x.answer.Status)})
		return
	case x.answer.Differs:
		r.fail(x, failure{Body, fmt.Sprintf("a body of %d bytes that is not the wanted one of %d",
			x.answer.Size, len(r.attack.WantBody))})
		return
	}
	r.ends.add(x.done)
	record(r.res.Uncorrected, x.done-x.sent)
	if r.attack.Rate > 0 {
		record(r.res.Latency, x.done-r.due(x))
	}
	r.tell(x, failure{})
}

// due is when a request should have been sent; in a closed load when it was.
func (r *recorder) due(x *outcome) time.Duration {
	if r.attack.Rate > 0 && !x.told {
		return Due(x.seq, r.attack.Rate)
	}
	return x.sent
}

func (r *recorder) wanted(code int) bool {
	if r.attack.WantStatus != 0 {
		return code == r.attack.WantStatus
	}
	return code >= 200 && code < 400
}

func (r *recorder) fail(x *outcome, f failure) {
	r.res.Errors++
	if r.res.Failed == nil {
		r.res.Failed = newHistogram()
	}
	record(r.res.Failed, x.done-r.due(x))
	r.res.ErrorKinds[f.kind]++
	if _, ok := r.res.ErrorExamples[f.kind]; !ok {
		r.res.ErrorExamples[f.kind], r.res.firsts[f.kind] = f.text, x.done
	}
	r.tell(x, f)
}

// lasted notes how long an open load has lasted, which may be longer than to its last answer.
func (r *recorder) lasted(d time.Duration) { r.res.Elapsed = max(r.res.Elapsed, d) }

// result gives the sums; offered is the number of requests that an open load was to send.
func (r *recorder) result(offered uint64) *Result {
	for code, n := range r.codes {
		if n > 0 {
			r.res.Codes[code] = n
		}
	}
	if offered > r.sent {
		r.res.Unsent = offered - r.sent
	}
	r.res.Completed = r.ends.upTo(r.res.Elapsed)
	r.res.CompletedEvery = r.ends.every
	return &r.res
}

func record(h *hdrhistogram.Histogram, d time.Duration) {
	if err := h.RecordValue(int64(min(max(d, 0), MaxLatency))); err != nil {
		panic(err) // the histogram was made for 0 to MaxLatency
	}
}

// Outcome is what became of one request of a run, as Attack.Each is told of it. The latency that
// Result.Latency counts is End-Due, and that of Result.Uncorrected End-Sent.
type Outcome struct {
	Seq    uint64    // the number of the request in an open load, from 0; 0 in a closed one
	Target int       // 0 for Attack.Target, n for the n-th of Attack.Others
	Due    time.Time // when it should have been sent; in a closed load when it was
	Sent   time.Time // when it was taken up to be sent
	End    time.Time // when its response was whole, or it had failed
	Code   int       // the status of a whole response, wanted or not; 0 where there was none
	Bytes  int64     // of the response's body
	Kind   string    // of the error, one of Kinds; "" for a success
	Error  string    // its text
}

// tell passes an outcome on, with the failure that the recorder has made of it. One Outcome serves
// for all: a fresh one would be an allocation a request.
func (r *recorder) tell(x *outcome, f failure) {
	if r.attack.Each == nil {
		return
	}
	r.told = Outcome{
		Seq: x.seq, Target: x.target, Due: r.start.Add(r.due(x)), Sent: r.start.Add(x.sent), End: r.start.Add(x.done),
		Code: x.answer.Status, Bytes: x.answer.Size, Kind: f.kind, Error: f.text,
	}
	r.attack.Each(&r.told)
}

// A timeline's bins: 512 are more than a plot has room for, and take 4 kB; 10 ms show a pause of a
// garbage collector.
const (
	firstBin = 10 * time.Millisecond
	mostBins = 512
)

// timeline counts events by the time at which they happened, in bins of one width, whatever the
// length of the run.
type timeline struct {
	every time.Duration
	bins  []uint64 // up to the last one that has been asked for
}

func newTimeline() timeline {
	return timeline{every: firstBin, bins: make([]uint64, 0, mostBins)}
}

// add counts an event. Times count from the start of the run, and need not come in order.
func (t *timeline) add(at time.Duration) { t.bins[t.bin(max(at, 0))]++ }

// bin gives the index of the bin for that time. While there are too many, neighbours are merged:
// that happens as often as the run's length doubles, so an event costs a division and nothing more.
func (t *timeline) bin(at time.Duration) int {
	i := at / t.every
	for i >= mostBins {
		t.merge()
		i = at / t.every
	}
	for len(t.bins) <= int(i) {
		t.bins = append(t.bins, 0)
	}
	return int(i)
}

func (t *timeline) merge() {
	merged := t.bins[:0]
	for i := 0; i < len(t.bins); i += 2 {
		n := t.bins[i]
		if i+1 < len(t.bins) {
			n += t.bins[i+1]
		}
		merged = append(merged, n)
	}
	t.bins = merged
	t.every *= 2
}

// upTo gives the bins of a run that lasted for so long: the last one is cut short by its end.
func (t *timeline) upTo(end time.Duration) []uint64 {
	if end > 0 {
		t.bin(end - 1)
	}
	return t.bins
}

// The kinds of error in Result.ErrorKinds.
const (
	Refused   = "refused"   // nothing listens, or its backlog is full: ECONNREFUSED
	Reset     = "reset"     // the connection was closed or reset before the response was whole
	Timeout   = "timeout"   // no whole response within Attack.Timeout
	Status    = "status"    // a whole response with another status than the wanted
	Body      = "body"      // a whole response with the wanted status, but another body than Attack.WantBody
	Malformed = "malformed" // not a response of the protocol that was asked for
	TLS       = "tls"       // no TLS connection: one side does not trust the other, or they have nothing in common
	// no local port was free for the connection (EADDRNOTAVAIL): this machine's limit, and no fault
	// of the server
	Ports = "ports"
	// any other: a name that does not resolve, no free file descriptor, a body over Attack.MaxBody
	Other = "other"
)

// Kinds lists them all, in the order to print.
var Kinds = []string{Refused, Reset, Timeout, Status, Body, Malformed, TLS, Ports, Other}

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
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return Ports
	case untrusted(err):
		return TLS
	}
	return Other
}

// untrusted tells of a handshake that failed, or of the server's word that it did: in TLS 1.3 a
// client thinks that it has a connection before the server has looked at its certificate.
func untrusted(err error) bool {
	var said *net.OpError
	return errors.As(err, new(*TLSError)) || errors.As(err, &said) && said.Op == "remote error"
}

// failure is how one request failed.
type failure struct {
	kind string
	text string
}
