package bench_test

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/procfs"
	"go.uber.org/goleak"

	"nodecompare/cmd/bench"
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

func TestServerThatDiesFailsItsTrialAlone(t *testing.T) {
	defer goleak.VerifyNone(t)
	killed := 0
	r, err := bench.Run(t.Context(), plan(t, "async"), on{step: func(connections int) {
		if killed > 0 || connections == 1 {
			return
		}
		for _, pid := range children(t) {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
			killed++
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	checkNoChildren(t)
	if killed != 1 {
		t.Fatalf("%d children ran at once, want the server alone", killed)
	}
	for i, trial := range r.Trials {
		if died := strings.Contains(trial.Failure, "was ended by signal 9"); died != (i == 0) {
			t.Errorf("trial %d: failure %q", i+1, trial.Failure)
		}
	}
	if n := len(r.Trials[0].Rungs); n != 2 {
		t.Errorf("the trial keeps %d rungs, want the 2 from before the server died", n)
	}
}
