package bench_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/procfs"
	"go.uber.org/goleak"

	"nodecompare/cmd/bench"
	"nodecompare/loadgen"
	"nodecompare/loadgen/cpuset"
	"nodecompare/thorough"
)

// children are the processes that this one started and that still run.
func children(t *testing.T) (pids []int) {
	t.Helper()
	all, err := procfs.AllProcs()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if s, err := p.Stat(); err == nil && s.PPID == os.Getpid() {
			pids = append(pids, p.PID)
		}
	}
	return pids
}

// Servers and yardstick run on their CPUs, the load on its own, and an upstream beside the load;
// afterwards all is as it was.
func TestPinnedBench(t *testing.T) {
	thorough.Only(t)
	defer goleak.VerifyNone(t)
	before, err := cpuset.Allowed()
	if err != nil {
		t.Fatal(err)
	}
	if len(before) < 2 {
		t.Skip("needs two CPUs")
	}
	server, load := before[:1], before[1:2]
	pin := cpuset.Pin{Server: server, Generator: load}
	p, err := bench.NewPlan(bench.Options{Modes: []string{"async"}, Workloads: []string{"api"},
		Profile: "quick", Rounds: 1, Seed: 1, Engine: loadgen.Loop, Pin: pin})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := bench.Run(ctx, p, on{step: func(int) {
		cancel()                 // what is asked here is known after the first rung
		cpus := map[string]int{} // of this process and its children
		for _, pid := range append(children(t), os.Getpid()) {
			c, err := cpuset.Affinity(pid)
			if err != nil {
				t.Error(err)
			}
			cpus[c.String()]++
		}
		if diff := cmp.Diff(map[string]int{server.String(): 2, load.String(): 2}, cpus); diff != "" {
			t.Errorf("processes by their CPUs (-want +got):\n%s", diff)
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if got := r.Settings.Pin; got.Asked != pin.String() || got.Server != server.String() ||
		got.Generator != load.String() || got.Note != "" || r.Settings.Engine != "loop" {
		t.Errorf("settings: %+v", r.Settings)
	}
	after, err := cpuset.Allowed()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("CPUs of this process (-before +after):\n%s", diff)
	}
}

func TestServerThatDiesFailsItsTrialAlone(t *testing.T) {
	defer goleak.VerifyNone(t)
	killed, steps := 0, 0
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := bench.Run(ctx, plan(t, 2, "async"), on{step: func(int) {
		if killed > 0 {
			cancel() // the next trial goes well
		}
		if steps++; killed > 0 || steps == 1 {
			return
		}
		if n := len(children(t)); n != 2 {
			t.Errorf("%d children run at once, want the server and the yardstick", n)
		}
		if killed = childThat(t, bench.YardstickCommand, "serve"); killed == 0 {
			t.Error("no child is the server")
		} else if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	checkNoChildren(t)
	if len(r.Trials) != 2 || len(r.Trials[1].Rungs) == 0 {
		t.Fatalf("trials: %+v", r.Trials)
	}
	for i, trial := range r.Trials {
		if died := strings.Contains(trial.Failure,
			fmt.Sprintf("server async: pid %d was ended by signal 9", killed)); died != (i == 0) {
			t.Errorf("trial %d: failure %q", i+1, trial.Failure)
		}
	}
	if n := len(r.Trials[0].Rungs); n != 2 {
		t.Errorf("the trial keeps %d rungs, want the 2 from before the server died", n)
	}
}
