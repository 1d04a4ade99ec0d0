package watch_test

import (
	"context"
	"math"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"nodecompare/cmd/watch"
	"nodecompare/results/scene"
	"nodecompare/servers"
)

// TestMain serves a mode where this test's program was started as a server.
func TestMain(m *testing.M) {
	if len(os.Args) < 3 || os.Args[1] != "serve" {
		os.Exit(m.Run())
	}
	c := servers.Config{PoolSize: 2, Loops: 1, Workers: 4}
	var mode servers.Mode
	for _, a := range os.Args[2:] {
		name, value, _ := strings.Cut(a, "=")
		switch name {
		case "--mode":
			mode = servers.Modes[slices.IndexFunc(servers.Modes, func(m servers.Mode) bool { return m.Name == value })]
		case "--addr":
			c.Addr = value
		case "--upstream":
			c.Upstream = value
		case "--trace":
			c.TraceFile = value
		}
	}
	ctx, stop := signals()
	defer stop()
	if err := mode.Serve(ctx, c, os.Stdout, os.Stderr); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

func watched(t *testing.T, name string, modes ...string) *scene.Trace {
	t.Helper()
	i := slices.IndexFunc(watch.Scenes, func(s watch.Scene) bool { return s.Name == name })
	return watchedScene(t, watch.Scenes[i], modes...)
}

func watchedScene(t *testing.T, s watch.Scene, modes ...string) *scene.Trace {
	t.Helper()
	o := watch.Options{Scene: s}
	for _, name := range modes {
		i := slices.IndexFunc(servers.Modes, func(m servers.Mode) bool { return m.Name == name })
		o.Modes = append(o.Modes, &servers.Modes[i])
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	trace, err := watch.Run(ctx, o, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	return trace
}

// kinds returns the states that a request was in, in their order.
func kinds(l scene.Lane) (all []scene.State) {
	for _, s := range l.Spans {
		all = append(all, s.State)
	}
	return all
}

// A computation on the one loop holds up those that wait, and nobody where each has a thread.
func TestComputationHoldsUpTheLoopAlone(t *testing.T) {
	trace := watched(t, "mixed", "blocking", "async")
	blocking, async := trace.Modes[0], trace.Modes[1]
	for _, l := range blocking.Requests {
		if slices.Contains(kinds(l), scene.HeldUp) {
			t.Errorf("blocking held up request %d: %+v", l.Number, l.Spans)
		}
	}
	sent, answered := 0.0, math.Inf(1) // the last of them, and the first
	for _, l := range blocking.Requests {
		sent, answered = max(sent, l.Sent), min(answered, l.Answered)
	}
	// On a slow machine one may be answered before another comes, which its thread then takes.
	if n := len(blocking.Threads); n != 6 && sent < answered {
		t.Errorf("blocking served six requests on %d threads, want 6", n)
	}
	if n := len(async.Threads); n != 1 {
		t.Errorf("async served them on %d threads, want 1", n)
	}
	for _, n := range []int{0, 1, 2} {
		l := async.Requests[n]
		// A slow machine may read the request after the computation only: then it was queued.
		if !slices.ContainsFunc(l.Spans, func(s scene.Span) bool {
			return s.By == 4 && (s.State == scene.HeldUp || s.State == scene.Queued)
		}) {
			t.Errorf("async, request %d: %+v: want it held up by request 4", n+1, l.Spans)
		}
	}
	if !strings.Contains(strings.Join(async.Says, " "), " on the thread that they all need: requests ") {
		t.Errorf("async says %q", async.Says)
	}
}

// The lanes of a request have no gap between what its client sent and got.
func TestLanesAgreeWithTheClient(t *testing.T) {
	for _, m := range watched(t, "waits", "blocking", "goroutine", "async").Modes {
		for _, l := range m.Requests {
			if l.Status != 200 || len(l.Spans) == 0 || l.Spans[0].From != l.Sent ||
				l.Spans[len(l.Spans)-1].To != l.Answered {
				t.Errorf("%s, request %d: sent at %v and answered %d at %v, spans %+v", m.Name, l.Number, l.Sent,
					l.Status, l.Answered, l.Spans)
			}
			for i := range l.Spans[1:] {
				if l.Spans[i].To != l.Spans[i+1].From {
					t.Errorf("%s, request %d: a gap between %+v and %+v", m.Name, l.Number, l.Spans[i], l.Spans[i+1])
				}
			}
			if !slices.Contains(kinds(l), scene.Waiting) || l.Latency() < 100 {
				t.Errorf("%s, request %d waits 100 ms: %v, and took %v ms", m.Name, l.Number, kinds(l), l.Latency())
			}
		}
	}
}

// What the server recorded of a request and what its client measured differ by what it takes to
// connect and to send: the bound is for a slow machine, and an idle one stays below a
// millisecond.
func TestServerAndClientAgree(t *testing.T) {
	s, err := watch.OwnScene(slices.Repeat([]string{"GET /wait?ms=1"}, 50), nil)
	if err != nil {
		t.Fatal(err)
	}
	trace := watchedScene(t, s, "blocking", "async")
	for _, m := range trace.Modes {
		var apart []float64
		for _, l := range m.Requests {
			beside := 0.0
			for _, s := range l.Spans {
				if s.State == scene.Queued || s.State == scene.Answering {
					beside += s.To - s.From
				}
			}
			apart = append(apart, beside)
		}
		slices.Sort(apart)
		t.Logf("%s: the median of %d is %.3f ms", m.Name, len(apart), apart[len(apart)/2])
		if apart[len(apart)/2] > 50 {
			t.Errorf("%s: server and client are %v ms apart", m.Name, apart)
		}
	}
}

// A loop hands what computes to workers, which have lanes of their own.
func TestWorkersHaveLanes(t *testing.T) {
	threads := watched(t, "login", "async").Modes[0].Threads
	if !slices.ContainsFunc(threads, func(t scene.Thread) bool { return t.Worker }) {
		t.Errorf("no worker computed a hash: %+v", threads)
	}
}

func TestOwnScene(t *testing.T) {
	s, err := watch.OwnScene([]string{"GET /wait?ms=5", "POST /login"}, []time.Duration{time.Second})
	if err != nil || len(s.Requests) != 2 || s.Requests[1].At <= time.Second || s.Requests[1].Body == "" {
		t.Errorf("%+v, %v", s, err)
	}
	for _, wrong := range []string{"", "/wait", "GET wait", "get /wait", "GET /a\r\nX: y"} {
		if _, err := watch.OwnScene([]string{wrong}, nil); err == nil {
			t.Errorf("%q is taken for a request", wrong)
		}
	}
}

func signals() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
}
