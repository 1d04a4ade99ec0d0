package loadgen

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// failures carries each failure from its worker to the recorder, because vegeta's Result has room
// only for text. It holds at most one entry for each worker.
type failures struct {
	mu    sync.Mutex
	bySeq map[uint64]failure
}

func newFailures() *failures { return &failures{bySeq: make(map[uint64]failure)} }

// take returns and removes the failure of the request with the given number.
func (f *failures) take(seq uint64) (failure, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x, ok := f.bySeq[seq]
	delete(f.bySeq, seq)
	return x, ok
}

// failureRecorder stores why a round trip failed, under vegeta's number of the request.
type failureRecorder struct {
	next     http.RoundTripper
	failures *failures
	ctx      context.Context // of the run
	attack   *Attack
}

func (o failureRecorder) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := o.ctx.Err(); err != nil {
		o.note(req, failure{notSent, err.Error()})
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	o.attack.moved(1)
	resp, err := o.next.RoundTrip(req)
	o.attack.moved(-1)
	if err != nil {
		x := failure{classify(err), err.Error()}
		if o.ctx.Err() != nil {
			x.kind = aborted
		}
		o.note(req, x)
		// the next request would fail at once, at a million a second
		if o.attack.Rate == 0 && x.kind == Ports {
			o.rest()
		}
	}
	return resp, err
}

// rest pauses as the loop engine does after a failed connection.
func (o failureRecorder) rest() {
	select {
	case <-time.After(dialPause):
	case <-o.ctx.Done():
	}
}

// number returns vegeta's number of the request.
func number(req *http.Request) (seq uint64, ok bool) {
	seq, err := strconv.ParseUint(req.Header.Get("X-Vegeta-Seq"), 10, 64)
	return seq, err == nil
}

// turn returns the index of the target of one of vegeta's requests.
func (r rota) turn(req *http.Request) int {
	if r == nil {
		return 0
	}
	seq, _ := number(req) // vegeta numbers all its requests
	return r.of(seq)
}

func (o failureRecorder) note(req *http.Request, x failure) {
	seq, ok := number(req)
	if !ok {
		return // not one of vegeta's requests; the recorder counts it as Other
	}
	o.failures.mu.Lock()
	defer o.failures.mu.Unlock()
	o.failures.bySeq[seq] = x
}
