package loadgen

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"

	"nodecompare/loadgen/response"
)

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
	aborted = "aborted" // it was in flight
	never   = "never"   // vegeta had handed it out, but it was not sent
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

// failures carries each failure from the worker that met it to the recorder: vegeta's Result has room for its text only.
// It holds one entry for a worker at most.
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

// observer notes why a round trip failed, under the number that vegeta gave the request.
type observer struct {
	next     http.RoundTripper
	failures *failures
	ctx      context.Context // of the run
}

func (o observer) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := o.ctx.Err(); err != nil {
		o.note(req, failure{never, err.Error()})
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	resp, err := o.next.RoundTrip(req)
	if err != nil {
		x := failure{classify(err), err.Error()}
		if o.ctx.Err() != nil {
			x.kind = aborted
		}
		o.note(req, x)
	}
	return resp, err
}

func (o observer) note(req *http.Request, x failure) {
	seq, err := strconv.ParseUint(req.Header.Get("X-Vegeta-Seq"), 10, 64)
	if err != nil {
		return // not one of vegeta's requests; the recorder would take it for an Other
	}
	o.failures.mu.Lock()
	defer o.failures.mu.Unlock()
	o.failures.bySeq[seq] = x
}
