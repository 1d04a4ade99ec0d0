package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nodecompare/cmd/bench"
)

// childThat is the pid of a child of this process whose command line holds all of these words, and none of the others; 0 for none.
func childThat(t *testing.T, without string, words ...string) int {
	t.Helper()
	for _, pid := range children(t) {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		args := strings.Split(string(bytes.TrimRight(line, "\x00")), "\x00")
		has := func(word string) bool { return slices.Contains(args, word) }
		if err == nil && !has(without) && !slices.ContainsFunc(words, func(w string) bool { return !has(w) }) {
			return pid
		}
	}
	return 0
}

// A yardstick or an upstream that dies is named, the trial is VOID and made anew, and nothing waits for a server that lives.
func TestHelperThatDiesIsNamed(t *testing.T) {
	for _, c := range []struct {
		workload, who string
		words         []string
	}{
		{"hello", "the yardstick", []string{bench.YardstickCommand}},
		{"api", "the upstream", []string{"serve", "--upstream=none"}},
	} {
		t.Run(c.who, func(t *testing.T) {
			defer goleak.VerifyNone(t)
			p, err := bench.NewPlan(bench.Options{Modes: []string{"goroutine"}, Workloads: []string{c.workload}, Profile: "quick", Rounds: 1, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			killed := 0
			r, err := bench.Run(t.Context(), p, on{step: func(int) {
				if killed > 0 {
					return
				}
				if killed = childThat(t, "--mode=goroutine", c.words...); killed == 0 {
					t.Errorf("no child is %s", c.who)
					return
				}
				if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
					t.Error(err)
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			checkNoChildren(t)
			if err := bench.Failed(r); err != nil || len(r.Trials) != 1 {
				t.Fatalf("%v, %+v", err, r.Trials)
			}
			want := fmt.Sprintf("%s: pid %d was ended by signal 9", c.who, killed)
			trial := r.Trials[0]
			if trial.Lost != "" || len(trial.Rungs) == 0 || trial.Voided == nil || !strings.Contains(fmt.Sprint(trial.Voided.Reasons), want) {
				t.Errorf("want %q in what was VOID: %+v, %q", want, trial.Voided, trial.Lost)
			}
		})
	}
}

// An interruption ends a bench at once, also when a process of its own died before.
func TestInterruptionAfterADeath(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asked time.Time
	if _, err := bench.Run(ctx, plan(t, 1, "async"), on{step: func(int) {
		if !asked.IsZero() {
			return
		}
		if err := syscall.Kill(childThat(t, "serve", bench.YardstickCommand), syscall.SIGKILL); err != nil {
			t.Error(err)
		}
		asked = time.Now()
		cancel()
	}}); err == nil {
		t.Error("it went on")
	}
	if took := time.Since(asked); took > 2*time.Second {
		t.Errorf("it ended %v after it was asked to", took)
	}
	checkNoChildren(t)
}
