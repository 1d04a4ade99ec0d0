package loadgen

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/loadgen/response"
	"nodecompare/loadgen/sample"
)

// MaxLatency is the largest value of a histogram; longer ones count as MaxLatency. One bound for
// all makes any two histograms mergeable.
const MaxLatency = time.Hour

// Result is what a run measured.
type Result struct {
	// Requests were sent, and answered or failed. In a load of subscriptions, or a chat, each
	// delivery counts as one.
	Requests      uint64
	Said          uint64            // messages of a chat that were sent; they are no requests
	Errors        uint64            // failed requests: the sum of ErrorKinds
	ErrorKinds    map[string]uint64 // by kind: see Kinds
	ErrorExamples map[string]string // the text of the first error of each kind
	Codes         map[int]uint64    // complete responses by status, wanted or not
	Aborted       uint64            // sent but cut short by the context; not counted above
	// Unsent counts requests that were due but never sent, for want of a connection or of CPU; 0 in
	// a closed load.
	Unsent uint64
	// Retries counts requests sent again because the kept-alive connection was closed. Requests
	// counts them once.
	Retries  uint64
	Start    time.Time     // when the clock started, by this host's; of several results the first one's
	Offered  float64       // target rate in requests/s, a ramp's mean; 0 in a closed load
	Duration time.Duration // planned time of sending; answers are awaited beyond it
	// Starting is, for a closed load on the loop engine, the mean time until a connection's first
	// request.
	Starting time.Duration
	// Elapsed, which rates are over, runs from the start to the last whole answer, or to the end of
	// the time in which requests were to be sent, if that is later and the run was not cut short.
	Elapsed time.Duration
	// Ended is when the last request ended, a failed one too, and at least Elapsed.
	Ended      time.Duration
	BytesIn    uint64                   // of response bodies
	Deliveries Deliveries               // of a load of subscriptions, or a chat
	Viewing    Viewing                  // of a load of players, in which a segment is a request
	until      time.Duration            // when the last request was taken up
	firsts     map[string]time.Duration // when each of ErrorExamples was
	// what each thread of the loop engine spent, in their order; nil for one thread, whose CPU time
	// is the process's
	Threads []sample.ThreadUse

	// The histograms hold nanoseconds, with 3 significant digits, up to MaxLatency, of requests
	// without error. Latency counts from the moment a request was due, start + seq/rate.
	// Uncorrected counts from the moment it was sent, as most tools do. In a closed load both are
	// the same histogram.
	Latency     *hdrhistogram.Histogram
	Uncorrected *hdrhistogram.Histogram
	// Failed holds the latencies of failed requests, counted as in Latency; nil without any.
	Failed *hdrhistogram.Histogram
	// SendLag is how late each request was sent (actual − scheduled), in ns, failed requests
	// included. SendLag is empty in a closed load, but of players.
	SendLag *hdrhistogram.Histogram

	// Completed counts the successful requests in each CompletedEvery until Ended, by the time of
	// their end: at most 512 bins, oldest first. The width starts at 10 ms and doubles whenever the
	// run needs more bins. The end of the run cuts the last bin short.
	Completed      []uint64
	CompletedEvery time.Duration
}

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(MaxLatency), 3) }

// NoAnswer is the error of a run in which no request was answered as expected.
type NoAnswer struct {
	Hung bool   // every request timed out
	Why  string // the kinds of error, with an example each
}

func (n *NoAnswer) Error() string { return "no request was answered as it should be: " + n.Why }

// Unanswered returns a *NoAnswer if requests were sent and none was answered as expected.
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

// Add adds another run of the same attack, as if both were one run with a pause: counts and times
// are summed, histograms merged. Offered stays. The other Result is not changed.
func (r *Result) Add(other *Result) {
	r.Requests += other.Requests
	r.Said += other.Said
	r.Errors += other.Errors
	r.Aborted += other.Aborted
	r.Unsent += other.Unsent
	r.Retries += other.Retries
	r.BytesIn += other.BytesIn
	r.Deliveries.add(other.Deliveries)
	r.Viewing.add(other.Viewing)
	r.Elapsed += other.Elapsed
	r.Ended += other.Ended
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
	// All histograms have the same bounds, so Merge drops nothing.
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

// Beside adds another run of the same time and target: both count as one load with the sum of their
// rates. Neither may be used with Add afterwards.
func (r *Result) Beside(other *Result) {
	elapsed, duration := max(r.Elapsed, other.Elapsed), max(r.Duration, other.Duration)
	ended := max(r.Ended, other.Ended)
	bins, every := summed(r, other)
	r.Add(other)
	r.Offered += other.Offered
	r.Elapsed, r.Ended, r.Duration, r.Completed, r.CompletedEvery = elapsed, ended, duration, bins, every
}

// summed adds two timelines bin by bin, at the wider width.
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

// joined appends one timeline to the other, at the wider width.
func joined(a, b *Result) ([]uint64, time.Duration) {
	every := max(a.CompletedEvery, b.CompletedEvery)
	var bins []uint64
	for _, r := range []*Result{a, b} {
		if r.CompletedEvery <= 0 {
			continue
		}
		// a power of two, as widths double from a common start
		each := int(every / r.CompletedEvery)
		for i, n := range r.Completed {
			if i%each == 0 {
				bins = append(bins, 0)
			}
			bins[len(bins)-1] += n
		}
	}
	return bins, every
}

// recorder sums up the outcomes of requests and keeps none of them.
type recorder struct {
	attack Attack
	pace   Pace
	start  time.Time // of the run; start and told serve Attack.Each
	told   Outcome
	res    Result
	sent   uint64
	codes  [1000]uint64
	ends   timeline // of the successes
}

// outcome is the end of one request. Times count from the start of the run.
type outcome struct {
	// told is for what is no end of a request: something that was told within a turn or between
	// two, where sent is when it was said; or a connection of a company that failed.
	told    bool
	untimed bool // nobody knows when it was said
	seq     uint64
	target  int             // index in Attack.Targets()
	sent    time.Duration   // when it was taken up
	done    time.Duration   // when its response was complete, or it failed
	answer  response.Answer // the response, if complete
	failure failure         // of a kind, if not
	order   order           // of what was told, and how many were not told before it
	missed  int64
}

func newRecorder(a Attack) *recorder {
	r := &recorder{attack: a, pace: a.Pace(), ends: newTimeline()}
	r.res = Result{
		ErrorKinds: make(map[string]uint64), ErrorExamples: make(map[string]string), Codes: make(map[int]uint64),
		firsts: make(map[string]time.Duration), Offered: a.Pace().Mean(a.Duration),
		Latency: newHistogram(), SendLag: newHistogram(),
	}
	r.res.Uncorrected = r.res.Latency
	if a.Rate > 0 {
		r.res.Uncorrected = newHistogram()
	}
	return r
}

// begins counts the first request of each connection of a closed load that opens them before the
// start.
func (r *recorder) begins(at time.Duration) {
	r.res.Starting += at / time.Duration(r.attack.Connections)
}

func (r *recorder) add(x *outcome) {
	if !x.told {
		r.sent++
	}
	r.res.Ended = max(r.res.Ended, x.done)
	r.res.until = max(r.res.until, x.sent)
	if x.told && !r.delivered(x) {
		return
	}
	if r.attack.Rate > 0 && !x.told {
		record(r.res.SendLag, x.sent-r.pace.Due(x.seq))
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
	r.res.Elapsed = max(r.res.Elapsed, x.done)
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
	if x.untimed {
		r.tell(x, failure{})
		return
	}
	record(r.res.Uncorrected, x.done-x.sent)
	if r.attack.Rate > 0 {
		record(r.res.Latency, x.done-r.due(x))
	}
	r.tell(x, failure{})
}

// said counts a message that was sent.
func (r *recorder) said(seq uint64, at time.Duration) {
	r.sent++
	r.res.Said++
	record(r.res.SendLag, at-r.pace.Due(seq))
}

// delivered counts what was told, and reports whether it counts as a request too.
func (r *recorder) delivered(x *outcome) bool {
	d := &r.res.Deliveries
	if x.missed > 0 || d.Missed > 0 {
		d.Missed += uint64(x.missed) // -1 takes one back, if this run has counted it
	}
	switch {
	case x.order == doubled:
		d.Doubled++
		return false
	case x.order == disordered:
		d.Disordered++
		return false
	case x.order == strange:
		d.Strange++
		return false
	case x.order == unnumbered:
		d.Unnumbered++
	case x.order == inOrder && x.missed == 0:
		d.Next++
	}
	switch {
	case x.untimed:
		d.Untimed++
	case x.done < x.sent-mostEarly:
		d.Early++
	}
	return true
}

// due returns when a request was due; in a closed load, when it was sent.
func (r *recorder) due(x *outcome) time.Duration {
	if r.attack.Rate > 0 && !x.told {
		return r.pace.Due(x.seq)
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

// lasted extends Elapsed to d, the end of the sending, which may be after the last answer.
func (r *recorder) lasted(d time.Duration) {
	r.res.Elapsed = max(r.res.Elapsed, d)
	r.res.Ended = max(r.res.Ended, d)
}

// result returns the sums. offered is the number of requests that an open load was to send.
func (r *recorder) result(offered uint64) *Result {
	for code, n := range r.codes {
		if n > 0 {
			r.res.Codes[code] = n
		}
	}
	if offered > r.sent {
		r.res.Unsent = offered - r.sent
	}
	r.res.Completed = r.ends.upTo(r.res.Ended)
	r.res.CompletedEvery = r.ends.every
	r.res.Start = r.start
	return &r.res
}

func record(h *hdrhistogram.Histogram, d time.Duration) {
	if err := h.RecordValue(int64(min(max(d, 0), MaxLatency))); err != nil {
		panic(err) // unreachable: the histogram is made for 0 to MaxLatency
	}
}

// Outcome is the end of one request, as passed to Attack.Each. Result.Latency counts End-Due, and
// Result.Uncorrected End-Sent.
type Outcome struct {
	Seq    uint64    // number of the request in an open load, from 0; 0 in a closed one
	Target int       // 0 for Attack.Target, n for the n-th of Attack.Others
	Due    time.Time // when it was due; equals Sent in a closed load
	Sent   time.Time // when it was taken up
	End    time.Time // when its response was complete, or it failed
	Code   int       // status of a complete response, wanted or not; 0 without one
	Bytes  int64     // of the response's body
	Kind   string    // of the error, one of Kinds; "" for success
	Error  string    // the error's text
	// Untimed says that it has no latency, since nobody knows when it was due. Due and Sent say
	// nothing then.
	Untimed bool
}

// tell passes an outcome to Each, with the recorder's failure. All calls share one Outcome, because
// a fresh one would be an allocation a request.
func (r *recorder) tell(x *outcome, f failure) {
	if r.attack.Each == nil {
		return
	}
	r.told = Outcome{
		Seq: x.seq, Target: x.target, Due: r.start.Add(r.due(x)), Sent: r.start.Add(x.sent), End: r.start.Add(x.done),
		Code: x.answer.Status, Bytes: x.answer.Size, Kind: f.kind, Error: f.text, Untimed: x.untimed,
	}
	r.attack.Each(&r.told)
}

// A timeline has up to 512 bins, more than a plot has room for, in 4 kB. 10 ms resolves a garbage
// collector's pause.
const (
	firstBin = 10 * time.Millisecond
	mostBins = 512
)

// timeline counts events by time, in bins of one width, whatever the length of the run.
type timeline struct {
	every time.Duration
	bins  []uint64 // up to the last one in use
}

func newTimeline() timeline {
	return timeline{every: firstBin, bins: make([]uint64, 0, mostBins)}
}

// add counts an event. Times count from the start of the run, in any order.
func (t *timeline) add(at time.Duration) { t.bins[t.bin(max(at, 0))]++ }

// bin returns the index of the bin for the time. When there are too many bins, neighbours are
// merged, which happens as often as the run's length doubles. An event costs one division.
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

// upTo returns the bins of a run of the given length, whose end cuts the last bin short.
func (t *timeline) upTo(end time.Duration) []uint64 {
	if end > 0 {
		t.bin(end - 1)
	}
	return t.bins
}
