package loadgen

import (
	"fmt"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/loadgen/response"
)

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

// begins is called once for each connection of a closed load that opens them before it starts, at its turn to send
// first.
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
		r.fail(x, failure{Body, fmt.Sprintf("a body of %d bytes that is not the wanted one of %d",
			x.answer.Size, len(r.attack.WantBody))})
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

// Outcome is what became of one request of a run, as Attack.Each is told of it. The latency that Result.Latency
// counts is End-Due, and that of Result.Uncorrected End-Sent.
type Outcome struct {
	Seq   uint64    // the number of the request in an open load, from 0; 0 in a closed one
	Due   time.Time // when it should have been sent; in a closed load when it was
	Sent  time.Time // when it was taken up to be sent
	End   time.Time // when its response was whole, or it had failed
	Code  int       // the status of a whole response, wanted or not; 0 where there was none
	Bytes int64     // of the response's body
	Kind  string    // of the error, one of Kinds; "" for a success
	Error string    // its text
}

// tell passes an outcome on, with the failure that the recorder has made of it. One Outcome serves for all: a
// fresh one would be an allocation a request.
func (r *recorder) tell(x *outcome, f failure) {
	if r.attack.Each == nil {
		return
	}
	sent := r.start.Add(x.sent)
	r.told = Outcome{
		Seq: x.seq, Due: sent, Sent: sent, End: r.start.Add(x.done),
		Code: x.answer.Status, Bytes: x.answer.Size, Kind: f.kind, Error: f.text,
	}
	if r.attack.Rate > 0 {
		r.told.Due = r.start.Add(Due(x.seq, r.attack.Rate))
	}
	r.attack.Each(&r.told)
}

// A timeline's bins: 512 are more than a plot has room for, and take 4 kB; 10 ms show a pause of a garbage collector.
const (
	firstBin = 10 * time.Millisecond
	mostBins = 512
)

// timeline counts events by the time at which they happened, in bins of one width, whatever the length of the run.
type timeline struct {
	every time.Duration
	bins  []uint64 // up to the last one that has been asked for
}

func newTimeline() timeline {
	return timeline{every: firstBin, bins: make([]uint64, 0, mostBins)}
}

// add counts an event. Times count from the start of the run, and need not come in order.
func (t *timeline) add(at time.Duration) { t.bins[t.bin(max(at, 0))]++ }

// bin gives the index of the bin for that time. While there are too many, neighbours are merged: that happens as
// often as the run's length doubles, so an event costs a division and nothing more.
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
