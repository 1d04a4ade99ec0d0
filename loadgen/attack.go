// Package loadgen puts HTTP load on a server and measures what came back and what it cost.
//
// Two engines drive it: vegeta's Attacker over a lean transport of bounded keep-alive connections,
// and an event loop of our own. Every latency of an open load counts from the moment the request
// was due, not from the moment the generator got round to it, so that neither a stalled server nor
// a late generator hides its own queue (coordinated omission).
package loadgen

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"nodecompare/loadgen/sample"
)

// DefaultTimeout is the limit of one request where Attack.Timeout is 0.
const DefaultTimeout = 10 * time.Second

// DefaultMaxBody is the largest response body, in bytes, where Attack.MaxBody is 0.
const DefaultMaxBody = 64 << 20

// Grace is how long after Attack.Duration an open load still sends what was due within it. Without
// it the last request of a run would be lost to a few microseconds of lag; with no end to it an
// overloaded server would stretch the run.
const Grace = time.Second

// Attack is one load: what is sent, how fast, over how many connections, for how long.
type Attack struct {
	Target      Target
	Others      []Target // sent in turn with Target, each as often as its Weight says; to the same server
	Connect     Connect
	Connections int // most connections, and most requests in flight
	// requests per second of an open load; 0 is a closed one: a connection sends when it has its
	// answer
	Rate       float64
	Duration   time.Duration // how long requests are sent; their answers are waited for beyond it, within Timeout
	Requests   uint64        // most requests of a run; 0 is no limit. With a limit a run may have no duration
	Timeout    time.Duration // of one request, from connecting, if it has to, to the last byte; 0 means DefaultTimeout
	MaxBody    int64         // bytes of response body beyond which the request has failed; 0 means DefaultMaxBody
	WantStatus int           // the status of success; 0 means any of 200 to 399
	WantBody   []byte        // the body of success, byte by byte; nil means any
	// redirects are followed, 10 at most, as one request whose latency goes to the last answer's
	// end
	Follow bool
	Engine string // the name of one of Engines; "" means Auto's, of any rate

	// Server is whose CPU time is the server's, which Measure reads. An empty list stands for a
	// server on another machine, nil for one of which it is not known.
	Server []sample.Subject

	// Each, when not nil, is called with every request that Result.Requests counts, in the order in
	// which they ended. It runs on the engine's own thread, one call at a time, and holds up the
	// load for as long; the Outcome is good until it returns.
	Each func(*Outcome)

	// Ran, when not nil, is called with what each run measured, before that is returned.
	Ran func(*Result)

	// InFlight, when not nil, is kept at the number of requests that are in flight.
	InFlight *atomic.Int64
}

// Targets are all that are sent.
func (a Attack) Targets() []Target { return append([]Target{a.Target}, a.Others...) }

// of is the attack on one of its targets alone.
func (a Attack) of(t Target) Attack {
	a.Target, a.Others = t, nil
	return a
}

// moved counts requests that begin (1) or end (-1).
func (a *Attack) moved(by int64) {
	if a.InFlight != nil {
		a.InFlight.Add(by)
	}
}

// prepared returns a with its defaults filled in, or the reason why it cannot be run.
func (a Attack) prepared() (Attack, error) {
	var err error
	if a.Target, err = a.Target.Normal(); err != nil {
		return a, err
	}
	u, err := url.Parse(a.Target.URL)
	if err != nil {
		return a, err
	}
	if a.Connect, err = a.Connect.prepared(u); err != nil {
		return a, fmt.Errorf("load on %s: %w", a.Target.URL, err)
	}
	switch {
	case a.Connections < 1:
		return a, fmt.Errorf("load on %s: %d connections: at least 1 is needed", a.Target.URL, a.Connections)
	case a.Rate < 0 || math.IsNaN(a.Rate) || math.IsInf(a.Rate, 0):
		return a, fmt.Errorf("load on %s: a rate of %v requests/s: it must be 0 (closed load) or more",
			a.Target.URL, a.Rate)
	case a.Timeout < 0 || a.MaxBody < 0:
		return a, fmt.Errorf("load on %s: timeout %v, body limit %d: neither may be negative", a.Target.URL,
			a.Timeout, a.MaxBody)
	}
	if a.Requests > 0 && uint64(a.Connections) > a.Requests {
		a.Connections = int(a.Requests)
	}
	if a.Target.Method == "" {
		a.Target.Method = http.MethodGet
	}
	if a.Engine == "" {
		a.Engine = Auto(a, math.Inf(1))
	}
	if a.Timeout == 0 {
		a.Timeout = DefaultTimeout
	}
	if a.MaxBody == 0 {
		a.MaxBody = DefaultMaxBody
	}
	return a, a.checkTargets(u)
}

// checkTargets brings the others into the form of Target, and refuses what cannot be sent, or not
// to the first one's server.
func (a *Attack) checkTargets(server *url.URL) error {
	a.Others = slices.Clone(a.Others)
	for i := range a.Others {
		t, err := a.Others[i].Normal()
		if err != nil {
			return err
		}
		if t.Method == "" {
			t.Method = http.MethodGet
		}
		a.Others[i] = t
		u, err := url.Parse(t.URL)
		if err != nil {
			return err
		}
		if u.Scheme != server.Scheme || !strings.EqualFold(u.Host, server.Host) {
			return fmt.Errorf(
				"load target %q: all targets of a load go to one server, and the first goes to %s://%s",
				t.URL, server.Scheme, server.Host)
		}
	}
	for _, t := range a.Targets() {
		if err := t.Check(); err != nil {
			return err
		}
	}
	return nil
}

// endless is longer than any run, and short enough to be added to.
const endless = time.Duration(1 << 62)

// Lasts is how long a run of that duration sends at the most: an open load of N requests for
// N/rate. 0 is for ever.
func (a Attack) Lasts(duration time.Duration) time.Duration {
	if duration == 0 && a.Requests > 0 {
		duration = endless
	}
	if a.Requests > 0 && a.Rate > 0 {
		duration = time.Duration(min(float64(duration), float64(a.Requests)/a.Rate*float64(time.Second)))
	}
	return duration
}

// spareDescriptors is what an engine itself and the sampling beside it may open.
const spareDescriptors = 16

// checkDescriptors refuses more connections than the process may have file descriptors: each would
// fail otherwise, and the server be blamed for it. (Go has raised the soft limit to the hard one
// when the process started.)
func checkDescriptors(a Attack) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("load on %s: the limit of open files: %w", a.Target.URL, err)
	}
	open, err := os.ReadDir("/dev/fd") // this process's own, on Linux and macOS
	if err != nil {
		return fmt.Errorf("load on %s: counting the open files: %w", a.Target.URL, err)
	}
	if most := int64(limit.Cur) - int64(len(open)) - spareDescriptors; limit.Cur < 1<<62 &&
		int64(a.Connections) > most {
		return fmt.Errorf(
			"load on %s: %d connections asked for, at most %d possible: this process may have %d files open "+
				"(RLIMIT_NOFILE, see ulimit -n), and has %d: ask for fewer, or raise the limit",
			a.Target.URL, a.Connections, max(most, 0), limit.Cur, len(open))
	}
	return nil
}

// Due is when the request with this number should be sent, from the start of the run: the first at
// once.
func Due(seq uint64, rate float64) time.Duration {
	return time.Duration(float64(seq) / rate * float64(time.Second))
}

// Offered is the number of requests that an open load sends in all.
func Offered(rate float64, duration time.Duration) uint64 {
	return max(1, uint64(math.Round(rate*duration.Seconds())))
}

// Span is how long a run sends: the duration, and no less than N/rate in an open load of N
// requests. The last request has its share of the time like any other, so that no run claims more
// than the rate that was offered.
func Span(rate float64, duration time.Duration) time.Duration {
	if rate == 0 {
		return duration
	}
	return max(duration, time.Duration(math.Ceil(float64(Offered(rate, duration))/rate*float64(time.Second))))
}
