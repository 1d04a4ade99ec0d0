package bench_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nodecompare/cmd"
	"nodecompare/cmd/bench"
	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/results/gate"
	"nodecompare/servers/child"
	"nodecompare/servers/postgres"
)

// The tool starts itself again as a server: here that is the test binary.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "serve" || os.Args[1] == bench.YardstickCommand ||
		os.Args[1] == postgres.KeeperCommand || os.Args[1] == child.GuardCommand) {
		os.Exit(cmd.Main())
	}
	if len(os.Args) > 1 && os.Args[1] == bench.CheaperCommand {
		fmt.Fprintln(os.Stderr, bench.ServeCheaper())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func plan(t *testing.T, rounds int, modes ...string) *bench.Plan {
	t.Helper()
	p, err := bench.NewPlan(bench.Options{Modes: modes, Workloads: []string{"hello"}, Profile: "quick",
		Rounds: rounds, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// on calls functions at each step, and for each line said, and is silent otherwise.
type on struct {
	bench.Silent
	step func(connections int)
	say  func(text string) // nil for none
}

func (o on) Say(text string) {
	if o.say != nil {
		o.say(text)
	}
}

func (o on) Rung(_, _ string, _, connections int, _ time.Duration) { o.step(connections) }

func checkNoChildren(t *testing.T) {
	t.Helper()
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("a child is left: wait4 gives pid %d, %v", pid, err)
	}
}

func TestRunMeasuresRealServers(t *testing.T) {
	defer goleak.VerifyNone(t)
	const rounds = 1
	var log bytes.Buffer
	p := plan(t, rounds, "async")
	r, err := bench.Run(t.Context(), p, &bench.Lines{W: &log})
	if err != nil {
		t.Fatal(err)
	}
	checkNoChildren(t)
	if err := bench.Failed(r); err != nil {
		t.Fatal(err, r.Trials)
	}
	if r.Partial || len(r.Trials) != rounds || len(r.Verdicts) != 1 || r.Settings.Seed != 1 ||
		r.Host.Cores < 1 || r.Host.Kernel == "" || r.ElapsedS <= 0 {
		t.Errorf("record: %+v", r)
	}
	for _, trial := range r.Trials {
		if trial.Trust == nil || trial.Trust.Status == "" {
			t.Errorf("round %d: trust %+v", trial.Round, trial.Trust)
		}
		if w := trial.WarmUp; w == nil || w.TookS <= 0 || w.Windows < loadgen.LeastWindows ||
			w.Requests == 0 || w.Errors > 0 || w.CPUS <= 0 {
			t.Errorf("round %d: warm-up %+v", trial.Round, w)
		}
		w := r.Settings.Workloads[0]
		for _, step := range w.Ladder {
			g, ok := trial.Rung(results.ClosedAt(step.Connections))
			if !ok {
				t.Fatalf("round %d has no rung of %d connections, or it is VOID: %+v", trial.Round,
					step.Connections, trial.Trust)
			}
			if g.Connections != step.Connections || g.Requests == 0 || g.Codes[200] != g.Answered() ||
				g.ThroughputRPS <= 0 ||
				g.LatencyUS.P50 <= 0 || g.LatencyUS.P50 > g.LatencyUS.P99 || g.InFlight <= 0 ||
				g.InFlight > 1.05*float64(g.Connections) {
				t.Errorf("round %d: rung %+v", trial.Round, g)
			}
			if g.Trust == nil || (len(g.Trust.Rules) == 0) != (g.Trust.Status == results.Valid) {
				t.Fatalf("round %d, %d connections: trust %+v", trial.Round, g.Connections, g.Trust)
			}
			if g.Load != results.Closed || g.Engine != loadgen.Loop || g.Histogram == "" || g.StartS <= 0 ||
				g.Timeline == nil || g.OfferedRPS != 0 {
				t.Errorf("round %d: rung %+v", trial.Round, g)
			}
			if y := g.Yardstick; (y != nil) != (g.Connections == w.Base) ||
				y != nil && (y.Slices < 2 || y.RelativeThroughput <= 0 || y.RelativeCPU <= 0) {
				t.Errorf("round %d, %d connections: yardstick %+v", trial.Round, g.Connections, y)
			}
			// The machine may be at fault for the others; these tell of a defect of the tool.
			for _, rule := range []string{"Little's law", "percentiles", "counts", "server"} {
				if slices.Contains(g.Trust.Rules, rule) && !slices.Contains(g.Trust.Rules, "other processes") {
					t.Errorf("round %d, %d connections: trust %+v", trial.Round, g.Connections, g.Trust)
				}
			}
			if g.Process == nil || g.Process.Threads < 2 || g.Process.RSSBytes < 1<<20 ||
				g.Process.CPUUSPerRequest <= 0 ||
				runtime.GOOS == "linux" && (g.Process.ActiveThreads < 1 || g.Process.BusyThreads < 1) {
				t.Errorf("round %d: process %+v", trial.Round, g.Process)
			}
		}
	}
	if got := log.String(); strings.Count(got, "\n") != rounds ||
		!strings.Contains(got, "[1/1] round 1, async on hello: ") {
		t.Errorf("progress:\n%s", got)
	}
	if len(r.Rates) != 1 || r.Rates[0].CapacityRPS <= 0 || r.Rates[0].CommonRPS <= 0 ||
		r.Rates[0].CommonRPS > r.Rates[0].OwnRPS {
		t.Errorf("rates: %+v", r.Rates)
	}
	for _, trial := range r.Trials {
		g, ok := trial.Rung(results.RungKey{Load: results.Common})
		if !ok || g.OfferedRPS != r.Rates[0].CommonRPS || g.SendLagUS == nil || g.UncorrectedUS == nil ||
			g.UncorrectedUS.P50 > g.LatencyUS.P50 {
			t.Errorf("round %d, common rate: %v, %+v", trial.Round, ok, g)
		}
	}
	// A second run is of what was asked for, and the record's own trials stay as they are.
	if err := bench.Again(t.Context(), p, r, []gate.Pair{{Workload: "hello", Mode: "async"}},
		bench.Silent{}); err != nil {
		t.Fatal(err)
	}
	checkNoChildren(t)
	if len(r.Again) != rounds || r.Again[0].Round != rounds+1 || len(r.Trials) != rounds {
		t.Errorf("%d trials, and again %+v", len(r.Trials), r.Again)
	}
	if g, ok := r.Again[0].Rung(results.RungKey{Load: results.Common}); !ok || g.OfferedRPS != r.Rates[0].CommonRPS {
		t.Errorf("again, common rate: %v, %+v", ok, g)
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	defer goleak.VerifyNone(t)
	for name, when := range map[string]int{"in the pilot": 0, "after the first rung": 1} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if when == 0 {
				// The load is under way by then, or the server is being started: both have to end.
				context.AfterFunc(t.Context(), cancel)
				timer := time.AfterFunc(200*time.Millisecond, cancel)
				defer timer.Stop()
			}
			modes := []string{"blocking", "async"}
			r, err := bench.Run(ctx, plan(t, 2, modes[when:]...), on{step: func(int) {
				if when == 1 {
					cancel()
				}
			}})
			checkNoChildren(t)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context.Canceled", err)
			}
			if !r.Partial || len(r.Trials) != when || bench.Failed(r) != nil {
				t.Errorf("record: partial %v, trials %+v", r.Partial, r.Trials)
			}
			for _, trial := range r.Trials {
				if !trial.Interrupted || trial.Failure != "" || len(trial.Rungs) != 1 {
					t.Errorf("trial: %+v", trial)
				}
			}
		})
	}
}

func TestServerThatDoesNotStartFailsItsTrial(t *testing.T) {
	defer goleak.VerifyNone(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// The server cannot make its data folder under a file.
	t.Setenv("XDG_CACHE_HOME", file)
	t.Setenv("HOME", file)
	var log bytes.Buffer
	r, err := bench.Run(t.Context(), plan(t, 2, "async"), &bench.Lines{W: &log})
	if err != nil {
		t.Fatal(err)
	}
	checkNoChildren(t)
	for _, trial := range r.Trials {
		if !strings.Contains(trial.Failure, "exited with status 1 before it was ready") ||
			len(trial.Stderr) == 0 || !strings.Contains(fmt.Sprint(trial.Stderr), file) {
			t.Errorf("trial: %+v", trial)
		}
	}
	if err := bench.Failed(r); err == nil || !strings.Contains(err.Error(), "2 of 2 trials failed") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), "FAILED") {
		t.Errorf("progress:\n%s", log.String())
	}
}
