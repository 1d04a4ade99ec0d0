package measure_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/cpuset"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
	"nodecompare/thorough"
)

// serving gives a server in a process of its own, and its URL.
func serving(t *testing.T) (*os.Process, string) {
	t.Helper()
	p, out := start(t, childEnv)
	var port int
	if _, err := fmt.Fscan(out, &port); err != nil {
		t.Fatal(err)
	}
	return p, fmt.Sprintf("http://127.0.0.1:%d/", port)
}

// start gives this binary once more, as what the environment says, until the test ends.
func start(t *testing.T, as string) (*os.Process, io.Reader) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env, child.Stderr = append(os.Environ(), as+"=1"), os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(in.Close(), child.Wait()); err != nil {
			t.Error(err)
		}
	})
	return child.Process, out
}

const childEnv = "MEASURE_TEST_CHILD"

// spinEnv makes this binary a process that computes until its standard input ends.
const spinEnv = "MEASURE_TEST_SPIN"

// TestMain makes this binary a server too: it says its port, and ends with its standard input, or
// by a signal.
func TestMain(m *testing.M) {
	if os.Getenv(spinEnv) != "" {
		var over atomic.Bool
		go func() {
			for !over.Load() {
			}
		}()
		io.Copy(io.Discard, os.Stdin)
		over.Store(true)
		return
	}
	if as := os.Getenv(harnessEnv); as != "" {
		if err := playHarness(as); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if ended := os.Getenv(endedVariable); ended != "" {
		if err := playServer(ended); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if os.Getenv(childEnv) == "" {
		goleak.VerifyTestMain(m)
		return
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	fmt.Println(ln.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}

// used is the CPU time of the calling thread.
func used() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A generator that works on each answer for longer than the server did is at its limit, and its CPU
// time says so. It can only be when it is given a core: where it is not, in 30 s, there is nothing
// to see. TestGeneratorAndHost has the rule, at once.
func TestGeneratorAtItsLimit(t *testing.T) {
	thorough.Only(t) // it waits for a free core
	const duration, work = 200 * time.Millisecond, 2 * time.Millisecond
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // vegeta's engine has many threads: one core is its limit then
	for _, e := range loadgen.Engines {
		_, url := serving(t)
		weigh := func(a loadgen.Attack) results.Trust {
			g, err := loadgen.Open(a)
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			m, err := g.Measure(t.Context(), duration)
			if err != nil {
				t.Fatal(err)
			}
			return results.Weigh(measure.Evidence(a,
				&loadgen.Measurement{Result: m.Result, Generator: m.Generator, Cores: m.Cores}))
		}
		busy := loadgen.Attack{Engine: e.Name, Target: loadgen.Target{URL: url}, Connections: 8,
			Each: func(*loadgen.Outcome) { spin(work) }}
		for missed, limit := 0, time.Now().Add(30*time.Second); ; {
			trust := weigh(busy)
			if slices.Contains(trust.Rules, "generator CPU") {
				break
			}
			if spin(duration) > duration*95/100 {
				if missed++; missed == 10 {
					t.Fatalf("%s: there was a core to be had, and yet: %+v", e.Name, trust)
				}
			} else if time.Now().After(limit) {
				t.Skipf("%s: no core was free for long enough in 30 s", e.Name)
			}
		}
		idle := loadgen.Attack{Engine: e.Name, Target: loadgen.Target{URL: url}, Connections: 1, Rate: 10}
		if trust := weigh(idle); slices.Contains(trust.Rules, "generator CPU") {
			t.Errorf("%s: ten requests a second: %+v", e.Name, trust)
		}
	}
}

// spin keeps its thread at work, and returns what CPU time the thread was given.
func spin(d time.Duration) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := used()
	for end := time.Now().Add(d); time.Now().Before(end); {
	}
	return used() - before
}

// A generator that shares its CPU with two processes that always compute waits for it, and the
// kernel tells.
func TestGeneratorThatWaitsIsSuspect(t *testing.T) {
	_, url := serving(t)
	allowed, err := cpuset.Allowed()
	if err != nil {
		t.Fatal(err)
	}
	restore, err := cpuset.PinSelf(allowed[len(allowed)-1:]) // what is started from here on is there too
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := restore(); err != nil {
			t.Error(err)
		}
	}()
	for range 2 {
		start(t, spinEnv)
	}
	a := loadgen.Attack{Engine: loadgen.Loop, Target: loadgen.Target{URL: url}, Connections: 4}
	g, err := loadgen.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	m, err := g.Measure(t.Context(), 300*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if m.Generator.EachWait == 0 {
		t.Skip("this kernel does not tell how long a thread waits (CONFIG_SCHED_INFO)")
	}
	e := measure.Evidence(a, m)
	if trust := results.Weigh(e); !slices.Contains(trust.Rules, "generator waited") {
		t.Errorf("%+v, p50 %v µs: %+v", e.Generator, e.LatencyUS.P50, trust)
	}
}

// Who serves is found by the port, and its CPU time is not others'; what other processes compute
// is.
func TestOtherProcessesAreSuspect(t *testing.T) {
	server, url := serving(t)
	subjects, err := measure.Serving(to(url))
	if want := (sample.Subject{PID: server.Pid, Scope: sample.WithTree}); err != nil ||
		!slices.Equal(subjects, []sample.Subject{want}) {
		t.Fatalf("%+v, %v; want %+v", subjects, err, want)
	}
	for range runtime.NumCPU() {
		start(t, spinEnv)
	}
	a := loadgen.Attack{Engine: loadgen.Loop, Target: loadgen.Target{URL: url}, Connections: 4, Server: subjects}
	g, err := loadgen.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	m, err := g.Measure(t.Context(), 300*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	e := measure.Evidence(a, m)
	if m.Server == nil || *m.Server <= 0 || e.Others > e.All-*m.Server ||
		!slices.Contains(results.Weigh(e).Rules, "other processes") {
		t.Errorf("server %v, others %v of %v: %+v", m.Server, e.Others, e.All, results.Weigh(e))
	}
	a.Server = nil
	if m.Server = nil; measure.Evidence(a, m).All != 0 {
		t.Error("nobody knows who the server is, and yet others are told from it")
	}
}

// One at another machine has no CPU time here; of one that is not there, or is this very process,
// nothing more has to be known.
func TestServing(t *testing.T) {
	own, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	here := "http://" + own.Addr().String()
	for _, url := range []string{"http://192.0.2.1:8080/", "https://[2001:db8::1]/", here} {
		if s, err := measure.Serving(to(url)); err != nil || s == nil || len(s) != 0 {
			t.Errorf("%s: %+v, %v", url, s, err)
		}
	}
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err := measure.Serving(to(here)); err != nil || s != nil {
		t.Errorf("nobody listens: %+v, %v", s, err)
	}
}

// A server that stands still while requests are due holds all connections, and those that wait for
// one are sent late.
func TestStalledServerIsSuspect(t *testing.T) {
	const rate, stall = 200, 500 * time.Millisecond
	t.Parallel()
	test := func(t *testing.T, engine string) {
		p, url := serving(t)
		signal := func(s unix.Signal) {
			if err := unix.Kill(p.Pid, s); err != nil {
				t.Error(err)
			}
		}
		n, over := 0, make(chan struct{})
		a := loadgen.Attack{
			Engine: engine, Target: loadgen.Target{URL: url}, Connections: 4, Rate: rate, Duration: time.Second,
			Each: func(*loadgen.Outcome) {
				if n++; n != 20 {
					return
				}
				signal(unix.SIGSTOP)
				time.AfterFunc(stall, func() { defer close(over); signal(unix.SIGCONT) })
			},
		}
		r, err := drive(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		<-over
		e := measure.Evidence(a, &loadgen.Measurement{Result: r})
		trust := results.Weigh(e)
		if least := float64(stall.Microseconds()) / 2; e.SendLagUS.P99 < least ||
			trust.Status == results.Valid || !slices.Contains(trust.Rules, "send lag") {
			t.Errorf("a stall of %v: p99 of the send lag is %v µs; %+v", stall, e.SendLagUS, trust)
		}
	}
	var both sync.WaitGroup
	for _, e := range loadgen.Engines {
		both.Go(func() { t.Run(e.Name, func(t *testing.T) { test(t, e.Name) }) })
	}
	both.Wait()
}

func to(url string) loadgen.Attack { return loadgen.Attack{Target: loadgen.Target{URL: url}} }

// Who is behind a Unix socket is not who listens on the port of a URL.
func TestServingByASocket(t *testing.T) {
	a := to("http://any.invalid/")
	a.Connect.Socket = "/run/app.sock"
	if s, err := measure.Serving(a); err != nil || s != nil {
		t.Errorf("%v, %v", s, err)
	}
}
