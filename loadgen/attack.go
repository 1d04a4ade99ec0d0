// Package loadgen puts HTTP load on a server and measures the responses and the cost of the load.
//
// Two engines drive the load: vegeta's Attacker over a lean transport of bounded keep-alive
// connections, and an event loop. Every latency of an open load counts from the moment the request
// was due, not from the moment the generator sent it, so that neither a stalled server nor a late
// generator hides its own queue (coordinated omission).
package loadgen

import (
	"cmp"
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

// DefaultTimeout limits one request if Attack.Timeout is 0.
const DefaultTimeout = 10 * time.Second

// DefaultMaxBody is the largest response body, in bytes, if Attack.MaxBody is 0.
const DefaultMaxBody = 64 << 20

// Grace is how long after Attack.Duration an open load still sends the requests that were due
// within it. Without Grace a run would lose its last request to a few microseconds of lag. Without
// an end an overloaded server would stretch the run.
const Grace = time.Second

// Attack is one load: what is sent, how fast, over how many connections, for how long.
type Attack struct {
	Target Target
	// Others are sent in turn with Target, to the same server, each as often as its Weight says.
	Others      []Target
	Connect     Connect
	Connections int // most connections, and most requests in flight
	// Rate is in requests, or messages of a Chat, per second of an open load. 0 is a closed load,
	// in which a connection sends when it has its answer.
	Rate float64
	// To makes an open load a ramp: its rate grows, or falls, evenly from Rate to To within
	// Duration. 0 is a steady rate. A ramp ends by the time alone, not by Requests.
	To float64
	// Duration is how long requests are sent. Answers are awaited beyond it, within Timeout.
	Duration time.Duration
	Requests uint64 // most requests of a run; 0 for no limit; with a limit, Duration may be 0
	// Timeout limits one request, from connecting (if necessary) to the last byte, and of a
	// subscription the time until its header is there and each silence after it; 0 means
	// DefaultTimeout.
	Timeout time.Duration
	// MaxBody is the response body in bytes beyond which a request fails; 0 means DefaultMaxBody.
	MaxBody    int64
	WantStatus int    // expected status; 0 means any of 200 to 399
	WantBody   []byte // expected body, byte by byte; nil means any
	// Follow follows up to 10 redirects as one request, whose latency ends with the last answer.
	Follow       bool
	Engine       string // one of Engines; "" lets Auto choose at any rate
	Conversation string // one of Conversations; "" means Request
	RoomSize     int    // members of a room of a Chat; 0 means DefaultRoomSize
	MessageSize  int    // bytes of a message of a Chat; 0 means DefaultMessageSize
	Video        Video  // of players
	// Threads of the loop engine share the connections. 0 means 1, and there are no more threads
	// than connections.
	Threads int

	// Server names the processes whose CPU time Measure reads. An empty list stands for a server on
	// another machine, nil for an unknown server.
	Server []sample.Subject

	// Each, if not nil, is called with every request that Result.Requests counts, in the order in
	// which they end; with several threads, in the order in which these report. Each runs on the
	// engine's own threads, one call at a time, and delays the load meanwhile. The Outcome is valid
	// until Each returns.
	Each func(*Outcome)

	// Ran, if not nil, is called with the result of each run, before Run returns it.
	Ran func(*Result)

	// InFlight, if not nil, holds the current number of requests in flight.
	InFlight *atomic.Int64
}

// Targets returns Target and Others.
func (a Attack) Targets() []Target { return append([]Target{a.Target}, a.Others...) }

// of returns the attack restricted to one of its targets.
func (a Attack) of(t Target) Attack {
	a.Target, a.Others = t, nil
	return a
}

// moved adds by to InFlight: 1 for a request that begins, -1 for one that ends.
func (a *Attack) moved(by int64) {
	if a.InFlight != nil {
		a.InFlight.Add(by)
	}
}

// prepared returns a with its defaults filled in, or the reason why it cannot run.
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
	case a.To != 0 && !(a.Rate > 0 && a.To > 0 && a.Duration > 0 && !math.IsInf(a.To, 0) && a.Requests == 0):
		return a, fmt.Errorf("load on %s: a ramp from %v to %v requests/s within %v, for %d requests: it needs "+
			"two rates and a time, and no number of requests", a.Target.URL, a.Rate, a.To, a.Duration, a.Requests)
	case a.Timeout < 0 || a.MaxBody < 0:
		return a, fmt.Errorf("load on %s: timeout %v, body limit %d: neither may be negative", a.Target.URL,
			a.Timeout, a.MaxBody)
	case a.Threads < 0:
		return a, fmt.Errorf("load on %s: %d threads: at least 1 is needed", a.Target.URL, a.Threads)
	}
	if a.Requests > 0 && uint64(a.Connections) > a.Requests {
		a.Connections = int(a.Requests)
	}
	a.Threads = min(max(a.Threads, 1), a.Connections)
	if a.Target.Method == "" {
		a.Target.Method = http.MethodGet
	}
	a.Conversation = cmp.Or(a.Conversation, Request)
	switch a.Conversation {
	case Subscribe:
		a.WantStatus = cmp.Or(a.WantStatus, http.StatusOK) // none other has events
	case Chat:
		a.WantStatus = http.StatusSwitchingProtocols
	}
	if socket := u.Scheme == "ws" || u.Scheme == "wss"; socket != (a.Conversation == Chat) {
		return a, fmt.Errorf("load on %s: a chat goes to ws://, and nothing else does", a.Target.URL)
	}
	if a.Conversation == Play {
		a.WantStatus = cmp.Or(a.WantStatus, http.StatusPartialContent)
		if a.Video, err = a.Video.prepared(); err != nil {
			return a, fmt.Errorf("load on %s: %w", a.Target.URL, err)
		}
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

// checkTargets normalises the other targets, and rejects those that cannot be sent or go to another
// server.
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

// endless is longer than any run, and short enough for additions.
const endless = time.Duration(1 << 62)

// Lasts returns how long a run of the duration sends at most: N/rate for an open load of N
// requests. A duration of 0 means without end.
func (a Attack) Lasts(duration time.Duration) time.Duration {
	if duration == 0 && a.Requests > 0 {
		duration = endless
	}
	if a.Requests > 0 && a.Rate > 0 {
		duration = time.Duration(min(float64(duration), float64(a.Requests)/a.Rate*float64(time.Second)))
	}
	return duration
}

// The number of files that an engine and the sampling beside it may open, and each of an engine's
// further threads.
const (
	spareDescriptors  = 16
	threadDescriptors = 3
)

// checkDescriptors rejects more connections than the process may have file descriptors. Such
// connections would fail, and the server be blamed. Go has already raised the soft limit to the
// hard one.
func checkDescriptors(a Attack) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("load on %s: the limit of open files: %w", a.Target.URL, err)
	}
	open, err := os.ReadDir("/dev/fd") // of this process, on Linux and macOS
	if err != nil {
		return fmt.Errorf("load on %s: counting the open files: %w", a.Target.URL, err)
	}
	spare := int64(len(open) + spareDescriptors + threadDescriptors*(a.Threads-1))
	if most := int64(limit.Cur) - spare; limit.Cur < 1<<62 &&
		int64(a.Connections) > most {
		return fmt.Errorf(
			"load on %s: %d connections asked for, at most %d possible: this process may have %d files open "+
				"(RLIMIT_NOFILE, see ulimit -n), and has %d: ask for fewer, or raise the limit",
			a.Target.URL, a.Connections, max(most, 0), limit.Cur, len(open))
	}
	return nil
}
