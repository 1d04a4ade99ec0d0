package loadgen

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// failures carries each failure from the worker that met it to the recorder: vegeta's Result has
// room for its text only. It holds one entry for a worker at most.
type failures struct {
	mu    sync.Mutex
	bySeq map[uint64]failure
}

func newFailures() *failures { return &failures{bySeq: make(map[uint64]failure)} }

// take returns the failure of the request with this number, and forgets it.
func (f *failures) take(seq uint64) (failure, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x, ok := f.bySeq[seq]
	delete(f.bySeq, seq)
	return x, ok
}

// failureRecorder notes why a round trip failed, under the number that vegeta gave the request.
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
		if o.attack.Rate == 0 && x.kind == Ports { // the next one would fail at once, and the next: a million a second
			o.rest()
		}
	}
	return resp, err
}

// rest waits as the loop engine does after a connection that could not be had.
func (o failureRecorder) rest() {
	select {
	case <-time.After(dialPause):
	case <-o.ctx.Done():
	}
}

// number is the one that vegeta gave the request.
func number(req *http.Request) (seq uint64, ok bool) {
	seq, err := strconv.ParseUint(req.Header.Get("X-Vegeta-Seq"), 10, 64)
	return seq, err == nil
}

// turn returns the index of the target whose turn one of vegeta's requests is.
func (r rota) turn(req *http.Request) int {
	if r == nil {
		return 0
	}
	seq, _ := number(req) // vegeta numbers them all
	return r.of(seq)
}

func (o failureRecorder) note(req *http.Request, x failure) {
	seq, ok := number(req)
	if !ok {
		return // not one of vegeta's requests; the recorder would take it for an Other
	}
	o.failures.mu.Lock()
	defer o.failures.mu.Unlock()
	o.failures.bySeq[seq] = x
}
