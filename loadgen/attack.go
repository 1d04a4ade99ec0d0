// Package loadgen puts HTTP load on a server and measures what came back and what it cost.
//
// Two engines drive it: vegeta's Attacker over a lean transport of bounded keep-alive connections, and an event loop of
// our own. Every latency of an open load counts from the moment the request was due, not from the moment the generator got round to it, so that neither a
// stalled server nor a late generator hides its own queue (coordinated omission).
package loadgen

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultTimeout is the limit of one request where Attack.Timeout is 0.
const DefaultTimeout = 10 * time.Second

// DefaultMaxBody is the largest response body, in bytes, where Attack.MaxBody is 0.
const DefaultMaxBody = 64 << 20

// Grace is how long after Attack.Duration an open load still sends what was due within it. Without it the last request
// of a run would be lost to a few microseconds of lag; with no end to it an overloaded server would stretch the run.
const Grace = time.Second

// Target is the one request that an attack repeats. An http target is sent as HTTP/1.1 over plain TCP, https through
// net/http's transport, HTTP/1.1 as well.
type Target struct {
	Method string      // "" means GET
	URL    string      // absolute, http or https
	Header http.Header // Host sets the request's host; User-Agent defaults to nodecompare
	Body   []byte
}

// Attack is one load: what is sent, how fast, over how many connections, for how long.
type Attack struct {
	Target      Target
	Connections int           // most connections, and most requests in flight
	Rate        float64       // requests per second of an open load; 0 is a closed load: each connection sends as soon as it has its answer
	Duration    time.Duration // how long requests are sent; their answers are waited for beyond it, within Timeout
	Timeout     time.Duration // of one request, from connecting (if it needs a connection) to the last byte; 0 means DefaultTimeout
	MaxBody     int64         // bytes of response body beyond which the request has failed; 0 means DefaultMaxBody
	WantStatus  int           // the status of success; 0 means any of 200 to 399 (redirects are not followed)
	WantBody    []byte        // the body of success, byte by byte; nil means any
	Engine      string        // the name of one of Engines; "" means Vegeta

	// Each, when not nil, is called with every request that Result.Requests counts, in the order in which they ended. It
	// runs on the engine's own thread, one call at a time, and holds up the load for as long; the Outcome is good until it returns.
	Each func(*Outcome)
}

// Run opens connections to the target, drives it for a.Duration and closes them.
//
// When ctx ends, the load stops at once: requests in flight are aborted, and Run returns what was measured until then
// together with ctx's error. Any other error means that the attack itself is impossible (a bad URL, no connections)
// and comes with a nil Result: a server that fails or is not there is a Result full of errors. Every goroutine and
// connection has ended when Run returns.
func Run(ctx context.Context, a Attack) (*Result, error) {
	g, err := Open(a)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	return g.Run(ctx, a.Duration)
}

// prepared returns a with its defaults filled in, or the reason why it cannot be run.
func (a Attack) prepared() (Attack, error) {
	u, err := url.Parse(a.Target.URL)
	switch {
	case err != nil:
		return a, fmt.Errorf("load target: %w", err)
	case u.Scheme != "http" && u.Scheme != "https":
		return a, fmt.Errorf("load target %q: the URL must begin with http:// or https://", a.Target.URL)
	case u.Hostname() == "":
		return a, fmt.Errorf("load target %q: the URL names no host", a.Target.URL)
	case a.Connections < 1:
		return a, fmt.Errorf("load on %s: %d connections: at least 1 is needed", a.Target.URL, a.Connections)
	case a.Rate < 0 || math.IsNaN(a.Rate) || math.IsInf(a.Rate, 0):
		return a, fmt.Errorf("load on %s: a rate of %v requests/s: it must be 0 (closed load) or more", a.Target.URL, a.Rate)
	case a.Timeout < 0 || a.MaxBody < 0:
		return a, fmt.Errorf("load on %s: timeout %v, body limit %d: neither may be negative", a.Target.URL, a.Timeout, a.MaxBody)
	}
	if a.Target.Method == "" {
		a.Target.Method = http.MethodGet
	}
	if a.Timeout == 0 {
		a.Timeout = DefaultTimeout
	}
	if a.MaxBody == 0 {
		a.MaxBody = DefaultMaxBody
	}
	return a, a.Target.check()
}

var errLineBreak = errors.New("contains a line break or NUL")

// check refuses headers that would change the shape of the request: net/http's own writer silently drops or rewrites them.
func (t Target) check() error {
	for name, values := range t.Header {
		if name == "" || strings.ContainsAny(name, " \t\r\n\x00:()<>@,;\\\"/[]?={}") {
			return fmt.Errorf("load target %s: header name %q is not a token (RFC 9110, 5.6.2)", t.URL, name)
		}
		for _, v := range values {
			if strings.ContainsAny(v, "\r\n\x00") {
				return fmt.Errorf("load target %s: header %s: %w", t.URL, name, errLineBreak)
			}
		}
	}
	return nil
}
