package loadgen

import (
	"fmt"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/loadgen/response"
)

// MaxLatency is the largest value that a histogram holds; what is longer counts as this. One constant for all, so that
// any two histograms can be merged.
const MaxLatency = time.Hour

// Result is what a run measured.
type Result struct {
	Requests      uint64            // sent, and answered or failed: Errors plus the successes
	Errors        uint64            // of these, failed: the sum of ErrorKinds
	ErrorKinds    map[string]uint64 // by kind: see Kinds
	ErrorExamples map[string]string // the first error's text of each kind
	Codes         map[int]uint64    // whole responses by status, wanted or not
	Aborted       uint64            // sent, but cut short by the end of the context; in none of the above
	Unsent        uint64            // offered within the duration, but never sent, for want of a free connection or of CPU; 0 in a closed load
	Retries       uint64            // sent again over a fresh connection, for the kept-alive one had been closed meanwhile; counted once in Requests
	Offered       float64           // requests/s asked for; 0 in a closed load
	Duration      time.Duration     // for which requests were to be sent, as it was asked for; their answers are waited for beyond it
	Starting      time.Duration     // of a closed load on the loop engine: from the start until a connection sent its first request, the mean of all
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

	// Completed is how many requests succeeded in each CompletedEvery of Elapsed, by the time of their end, the oldest first:
	// 512 bins at most. The width is 10 ms, and doubles whenever the run gets too long for it; the last bin is cut short by
	// the run's end.
	Completed      []uint64
	CompletedEvery time.Duration
}

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(MaxLatency), 3) }

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
	seq     uint64
	sent    time.Duration   // when it was taken up to be sent
	done    time.Duration   // when its response was whole, or it had failed
	answer  response.Answer // the response, if it was whole
	failure failure         // with a kind if it was not
}

func newRecorder(a Attack) *recorder {
	r := &recorder{attack: a, ends: newTimeline()}
	r.res = Result{
		ErrorKinds: make(map[string]uint64), ErrorExamples: make(map[string]string), Codes: make(map[int]uint64),
		Offered: a.Rate, Latency: newHistogram(), SendLag: newHistogram(),
	}
	r.res.Uncorrected = r.res.Latency
	if a.Rate > 0 {
		r.res.Uncorrected = newHistogram()
	}
	return r
}

// begins is called once for each connection of a closed load that opens them before it starts, at its turn to send first.
func (r *recorder) begins(at time.Duration) {
	r.res.Starting += at / time.Duration(r.attack.Connections)
}

func (r *recorder) add(x *outcome) {
	r.sent++
	r.res.Elapsed = max(r.res.Elapsed, x.done)
	if r.attack.Rate > 0 {
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
		r.fail(x, failure{Body, fmt.Sprintf("a body of %d bytes that is not the wanted one of %d", x.answer.Size, len(r.attack.WantBody))})
		return
	}
	r.ends.add(x.done)
	record(r.res.Uncorrected, x.done-x.sent)
	if r.attack.Rate > 0 {
		record(r.res.Latency, x.done-Due(x.seq, r.attack.Rate))
	}
	r.tell(x, failure{})
}

func (r *recorder) wanted(code int) bool {
	if r.attack.WantStatus != 0 {
		return code == r.attack.WantStatus
	}
	return code >= 200 && code < 400
}

func (r *recorder) fail(x *outcome, f failure) {
	r.res.Errors++
	r.res.ErrorKinds[f.kind]++
	if _, ok := r.res.ErrorExamples[f.kind]; !ok {
		r.res.ErrorExamples[f.kind] = f.text
	}
	r.tell(x, f)
}

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
