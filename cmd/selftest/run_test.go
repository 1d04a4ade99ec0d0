package selftest_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/cmd/selftest"
	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/thorough"
)

// liesEnv has a copy of this test binary, as the selftest's server, say so much more of each wait
// than it took (or less).
const liesEnv = "NODECOMPARE_TEST_LIES"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == selftest.ServerCommand {
		err := serveAsAsked()
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) // by SIGTERM before that, as a rule
	}
	// Most of these tests wait: more of them than there are CPUs may run at once.
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func serveAsAsked() error {
	text := os.Getenv(liesEnv)
	if text == "" {
		return selftest.Serve(context.Background(), os.Stdout)
	}
	lie, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var seen atomic.Uint64
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", func(http.ResponseWriter, *http.Request) {})
	m.HandleFunc("GET /probe", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, 0) })
	m.HandleFunc("GET /wait", func(_ http.ResponseWriter, r *http.Request) {
		if us, err := strconv.Atoi(r.URL.Query().Get("us")); err == nil {
			time.Sleep(time.Duration(us) * time.Microsecond)
		}
		seen.Add(1)
	})
	m.HandleFunc("GET /take", func(w http.ResponseWriter, _ *http.Request) {
		says := (time.Millisecond + lie).Nanoseconds()
		err := json.NewEncoder(w).Encode(selftest.Truth{Requests: seen.Swap(0), MinNS: says, P50NS: says,
			P99NS: says, MaxNS: says})
		if err != nil {
			panic(err)
		}
	})
	fmt.Printf("port %d\n", ln.Addr().(*net.TCPAddr).Port)
	return http.Serve(ln, m)
}

// brief is a plan of a second for each engine.
func brief() selftest.Plan {
	return selftest.Plan{
		Engines: selftest.Engines(),
		Delays:  []selftest.Delay{{Wait: time.Millisecond, Rate: 100, Duration: 200 * time.Millisecond}},
		Stall: selftest.Stall{Rate: 200, Connections: 2, Duration: 600 * time.Millisecond,
			After:  100 * time.Millisecond,
			Length: 200 * time.Millisecond},
		Attempts: 1, Limit: 2 * time.Minute,
	}
}

func ignore(string) {}

// A whole selftest on whatever machine this is: what its checks are and that they are consistent,
// not what they say.
func TestRun(t *testing.T) {
	thorough.Only(t)
	t.Parallel()
	p := brief()
	p.Queues = []selftest.Queue{{Law: "M", Mean: 2 * time.Millisecond, Utilisation: 0.9,
		Duration: 200 * time.Millisecond}}
	p.Count = selftest.Load{Rate: 500, Duration: 200 * time.Millisecond}
	p.Search = selftest.Search{Lowest: 50, Highest: 100, Resolution: 0.5, Duration: 100 * time.Millisecond}
	steps := 0
	s, err := selftest.Run(t.Context(), p, func(string) { steps++ })
	if err != nil {
		t.Fatal(err)
	}
	if s.Partial || s.Verdict != selftest.Overall(s.Checks) || s.ElapsedS <= 0 || steps != 5*len(p.Engines) {
		t.Errorf("%+v, after %d steps", s, steps)
	}
	want := []string{"delay 1 ms p50 us", "delay 1 ms p99 us", "D/M/1 at 90% p50 us", "D/M/1 at 90% p90 us",
		"stall 200 ms p90 us", "stall 200 ms p99 us", "stall 200 ms max us",
		"count requests requests", "highest rate rate requests/s"}
	if len(s.Checks) != len(want)*len(p.Engines) {
		t.Fatalf("%d checks: %+v", len(s.Checks), s.Checks)
	}
	for i, c := range s.Checks {
		if got := c.Load + " " + c.Figure + " " + c.Unit; got != want[i%len(want)] ||
			c.Engine != p.Engines[i/len(want)].Name {
			t.Errorf("check %d is %s of %s", i, got, c.Engine)
		}
		if c.Attempts != 1 || (c.Verdict == results.SelftestOK) != (c.Reason == "") || c.Truth <= 0 {
			t.Errorf("%+v", c)
		}
		if (c.Unit == "us") != (c.Uncorrected != nil) {
			t.Errorf("%+v: uncorrected", c)
		}
		if c.Figure == "requests" && c.Measured != 100 && c.Verdict == results.SelftestOK {
			t.Errorf("%+v: 100 were offered", c)
		}
	}
}

// A server that does not tell the truth is found out: one that says more than it took, for certain,
// for no client can be faster.
func TestServerLies(t *testing.T) {
	for lie, want := range map[string][]string{
		"5m":     {results.SelftestWrong},
		"-900us": {results.SelftestWrong, results.SelftestNoisy}, // a busy machine could have done it
	} {
		t.Setenv(liesEnv, lie)
		p := brief()
		p.Stall = selftest.Stall{}
		s, err := selftest.Run(t.Context(), p, ignore)
		if err != nil {
			t.Fatal(err)
		}
		if s.Verdict != want[0] && s.Verdict != want[len(want)-1] {
			t.Errorf("a lie of %s: %s, want %v: %+v", lie, s.Verdict, want, s.Checks)
		}
	}
}

// wrong is an engine with a defect.
type wrong struct {
	selftest.Generator
	spoil func(*loadgen.Result)
	again bool // it sends everything twice
}

func (w wrong) Run(ctx context.Context, d time.Duration) (*loadgen.Result, error) {
	if w.again {
		if r, err := w.Generator.Run(ctx, d); err != nil {
			return r, err
		}
	}
	r, err := w.Generator.Run(ctx, d)
	if r != nil && w.spoil != nil {
		w.spoil(r)
	}
	return r, err
}

// Engines with the defects that benchmarks are known for are found out, for certain: each makes the
// figures better than the truth.
func TestEngineWrong(t *testing.T) {
	t.Parallel()
	const omission = "coordinated omission" // which only a stall shows
	for name, defect := range map[string]wrong{
		omission:   {spoil: func(r *loadgen.Result) { r.Latency = r.Uncorrected }},
		"twice":    {again: true},
		"swallows": {spoil: func(r *loadgen.Result) { r.Requests++ }},
		"forgets":  {spoil: func(r *loadgen.Result) { r.Latency.Reset() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := brief()
			p.Engines = p.Engines[:1] // which one is spoilt makes no difference
			if name != omission {
				p.Stall = selftest.Stall{}
			}
			for i, e := range p.Engines {
				p.Engines[i].Open = func(a loadgen.Attack) (selftest.Generator, error) {
					g, err := e.Open(a)
					if err != nil {
						return nil, err
					}
					w := defect
					w.Generator = g
					return w, nil
				}
			}
			s, err := selftest.Run(t.Context(), p, ignore)
			if err != nil {
				t.Fatal(err)
			}
			if s.Verdict != results.SelftestWrong {
				t.Errorf("%s, want %s: %+v", s.Verdict, results.SelftestWrong, s.Checks)
			}
		})
	}
}

// The end of the context ends it at once, in the midst of a stall too, with what there is by then.
func TestRunInterrupted(t *testing.T) {
	t.Parallel()
	p := brief()
	p.Stall.Duration, p.Stall.Length = time.Hour, time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := selftest.Run(ctx, p, func(step string) {
		if step == p.Engines[0].Name+", stall 3600000 ms" {
			time.AfterFunc(500*time.Millisecond, cancel)
		}
	})
	if !errors.Is(err, context.Canceled) || s == nil || !s.Partial || len(s.Checks) != 2 {
		t.Errorf("%v, %+v", err, s)
	}
}

// Whoever ends it before anything is checked learns nothing of the machine, least of all that it is
// noisy.
func TestRunEndedBeforeItsFirstCheck(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := selftest.Run(ctx, brief(), func(string) { cancel() })
	if !errors.Is(err, context.Canceled) || !s.Partial || len(s.Checks) != 0 || s.Verdict != results.SelftestNone {
		t.Errorf("%v, %+v", err, s)
	}
}

// So does the plan's limit, which is not an error: it is a machine that did not get through.
func TestRunLimit(t *testing.T) {
	t.Parallel()
	p := brief()
	p.Limit = time.Second
	p.Delays[0].Duration = time.Hour
	s, err := selftest.Run(t.Context(), p, ignore)
	if err != nil || !s.Partial || s.Verdict != results.SelftestNoisy {
		t.Errorf("%v, %+v", err, s)
	}
}

// An engine that cannot be opened is an error that names it.
func TestEngineFails(t *testing.T) {
	p := brief()
	broken := errors.New("broken")
	p.Engines = []selftest.Engine{{Name: "steam", Open: func(loadgen.Attack) (selftest.Generator, error) {
		return nil, broken
	}}}
	s, err := selftest.Run(t.Context(), p, ignore)
	if !errors.Is(err, broken) || !s.Partial || s.Verdict == results.SelftestOK {
		t.Errorf("%v, %+v", err, s)
	}
}
