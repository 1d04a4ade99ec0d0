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
	"nodecompare/thorough"
)

// childThat is the pid of a child of this process whose command line holds all of these words, and
// none of the others; 0 for none.
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

// A yardstick or an upstream that dies is named, the trial is VOID and made anew, and nothing waits
// for a server that lives. Here the yardstick dies in a trial, and the upstream in that which is
// made in its place.
func TestHelperThatDiesIsNamed(t *testing.T) {
	thorough.Only(t)
	defer goleak.VerifyNone(t)
	p, err := bench.NewPlan(bench.Options{Modes: []string{"goroutine"}, Workloads: []string{"api"},
		Profile: "quick", Rounds: 1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	helpers := []struct {
		who   string
		words []string
	}{
		{"the yardstick", []string{bench.YardstickCommand}},
		{"the upstream", []string{"serve", "--upstream=none"}},
	}
	var ends, said []string
	r, err := bench.Run(t.Context(), p, on{step: func(connections int) {
		if connections > 1 || len(ends) == len(helpers) {
			return
		}
		next := helpers[len(ends)]
		pid := childThat(t, "--mode=goroutine", next.words...)
		ends = append(ends, fmt.Sprintf("%s: pid %d was ended by signal 9", next.who, pid))
		if pid == 0 {
			t.Errorf("no child is %s", next.who)
		} else if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}, say: func(text string) { said = append(said, text) }})
	if err != nil {
		t.Fatal(err)
	}
	checkNoChildren(t)
	if err := bench.Failed(r); err != nil || len(r.Trials) != 1 || len(ends) != 2 {
		t.Fatalf("%v, ended %q, %+v", err, ends, r.Trials)
	}
	for _, end := range ends {
		if !slices.ContainsFunc(said, func(s string) bool {
			return strings.Contains(s, "VOID, and made anew: ") && strings.Contains(s, end)
		}) {
			t.Errorf("%q lacks that of %q", said, end)
		}
	}
	trial := r.Trials[0]
	if trial.Lost != "" || len(trial.Rungs) == 0 || trial.Voided == nil ||
		!strings.Contains(fmt.Sprint(trial.Voided.Reasons), ends[1]) {
		t.Errorf("want %q in what was VOID: %+v, %q", ends[1], trial.Voided, trial.Lost)
	}
}

// An interruption ends a bench at once, also when a process of its own died before.
func TestInterruptionAfterADeath(t *testing.T) {
	thorough.Only(t)
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
