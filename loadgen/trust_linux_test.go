package loadgen_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nodecompare/cmd/evidence"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// serving gives a server in a process of its own, and its URL.
func serving(t *testing.T) (*process, string) {
	t.Helper()
	p := start(t)
	return p, fmt.Sprintf("http://127.0.0.1:%d/", p.do("serve", 0))
}

// A generator that works on each answer for longer than the server did is at its limit, and its CPU time says so. It can only be when
// it is given a core: where it is not, in 30 s, there is nothing to see.
func TestGeneratorAtItsLimit(t *testing.T) {
	const duration, work = 200 * time.Millisecond, 2 * time.Millisecond
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // vegeta's engine has many threads: one core is its limit then
	onEachEngine(t, func(t *testing.T, engine string) {
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
			return results.Weigh(evidence.From(a, m.Result, m.Generator, m.Cores, nil))
		}
		busy := loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: url}, Connections: 8, Each: func(*loadgen.Outcome) { spin(work) }}
		for missed, limit := 0, time.Now().Add(30*time.Second); ; {
			trust := weigh(busy)
			if slices.Contains(trust.Rules, "generator CPU") {
				break
			}
			if spin(duration) > duration*95/100 {
				if missed++; missed == 10 {
					t.Fatalf("there was a core to be had, and yet: %+v", trust)
				}
			} else if time.Now().After(limit) {
				t.Skip("no core was free for long enough in 30 s")
			}
		}
		idle := loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: url}, Connections: 1, Rate: 10}
		if trust := weigh(idle); slices.Contains(trust.Rules, "generator CPU") {
			t.Errorf("ten requests a second: %+v", trust)
		}
	})
}

// spin keeps its thread at work, and returns what CPU time the thread was given.
func spin(d time.Duration) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := used().cpu
	for end := time.Now().Add(d); time.Now().Before(end); {
	}
	return time.Duration(used().cpu - before)
}

// A server that stands still while requests are due holds all connections, and those that wait for one are sent late.
func TestStalledServerIsSuspect(t *testing.T) {
	const rate, stall = 200, 500 * time.Millisecond
	onEachEngine(t, func(t *testing.T, engine string) {
		p, url := serving(t)
		signal := func(s unix.Signal) {
			if err := unix.Kill(p.cmd.Process.Pid, s); err != nil {
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
		r, err := loadgen.Run(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		<-over
		e := evidence.From(a, r, nil, 0, nil)
		trust := results.Weigh(e)
		if least := float64(stall.Microseconds()) / 2; e.SendLagUS < least || trust.Status == results.Valid || !slices.Contains(trust.Rules, "send lag") {
			t.Errorf("a stall of %v: p99 of the send lag is %v µs; %+v", stall, e.SendLagUS, trust)
		}
	})
}

// A server that is killed in the midst of a load: its own watcher knows, and nothing may be concluded.
func TestServerThatEndsIsVoid(t *testing.T) {
	onEachEngine(t, func(t *testing.T, engine string) {
		for _, rate := range []float64{0, 500} {
			p, url := serving(t)
			w, err := loadgen.Watch(p.cmd.Process.Pid, 5*time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			a := loadgen.Attack{
				Engine: engine, Target: loadgen.Target{URL: url}, Connections: 4, Rate: rate, Duration: 300 * time.Millisecond,
				Each: func(*loadgen.Outcome) {
					if n++; n != 20 {
						return
					}
					if err := p.cmd.Process.Kill(); err != nil {
						t.Error(err)
					}
				},
			}
			r, err := loadgen.Run(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			// On a slow machine the end of the process may come after that of the load.
			if err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
				t.Fatal(err)
			}
			_, ended := w.Stop()
			e := evidence.From(a, r, nil, 0, nil)
			e.ServerEnded = errors.Is(ended, loadgen.ErrEnded)
			trust := results.Weigh(e)
			if r.Requests < 20 || trust.Status != results.Void || !slices.Contains(trust.Rules, "server") || slices.Contains(trust.Rules, "counts") {
				t.Errorf("rate %v: %d requests, errors %v; the watcher says %v; %+v", rate, r.Requests, r.ErrorKinds, ended, trust)
			}
		}
	})
}

// What /proc/stat says before and after a real load, through the reader of the real one.
func TestStealOfAHost(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	a := loadgen.Attack{Target: loadgen.Target{URL: s.URL}, Connections: 1, Rate: 100, Duration: 50 * time.Millisecond}
	r := run(t, a)
	for _, c := range []struct {
		name   string
		stolen [3]int // ticks of 10 ms, of each CPU, while each was busy for 400
		cpus   loadgen.CPUs
		want   string
	}{
		{"none", [3]int{}, nil, results.Valid},
		{"0.8%", [3]int{3, 3, 4}, nil, results.Valid},
		{"2%", [3]int{0, 25, 0}, nil, results.Suspect},
		{"14%", [3]int{0, 100, 100}, nil, results.Void},
		{"of another CPU than those of the load", [3]int{0, 0, 400}, loadgen.CPUs{0, 1}, results.Valid},
		{"of one of these", [3]int{0, 20, 400}, loadgen.CPUs{0, 1}, results.Suspect},
	} {
		state := func(busy int, stolen [3]int) loadgen.HostState {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "stat"), []byte(stat(busy, stolen)), 0o600); err != nil {
				t.Fatal(err)
			}
			h, err := loadgen.ReadStealBelow(dir, c.cpus)
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		before, after := state(0, [3]int{7, 8, 9}), state(400, [3]int{7 + c.stolen[0], 8 + c.stolen[1], 9 + c.stolen[2]})
		i := after.Since(before)
		e := evidence.From(a, r, nil, 0, &i)
		alone := results.Evidence{CPUs: e.CPUs, Stolen: e.Stolen, Busy: e.Busy}
		if got := results.Weigh(alone); got.Status != c.want || c.want != results.Valid && !slices.Equal(got.Rules, []string{"steal"}) {
			t.Errorf("%s: %+v, want %s; %+v", c.name, got, c.want, i)
		}
		if got := results.Weigh(e); slices.Contains(got.Rules, "steal") != (c.want != results.Valid) {
			t.Errorf("%s, with the load: %+v", c.name, got)
		}
	}
}

// stat is a /proc/stat of three CPUs that have been busy for so many ticks each, half of them in the kernel; see proc_stat(5).
func stat(busy int, stolen [3]int) string {
	text := fmt.Sprintf("cpu  %d 0 %d 3000 5 0 6 %d 0 0\n", 3000+3*busy/2, 600+3*busy/2, stolen[0]+stolen[1]+stolen[2])
	for cpu, s := range stolen {
		text += fmt.Sprintf("cpu%d %d 0 %d 1000 2 0 2 %d 0 0\n", cpu, 1000+busy/2, 200+busy/2, s)
	}
	return text + "intr 3 1 2\nctxt 100\nbtime 1700000000\nprocesses 10\nprocs_running 1\nprocs_blocked 0\nsoftirq 3 1 2 0 0 0 0 0 0 0 0\n"
}
