package sweep_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nodecompare/cmd"
	"nodecompare/cmd/sweep"
	"nodecompare/results"
	"nodecompare/servers/child"
)

// The tool starts itself again as a server: here that is the test binary.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "serve" || os.Args[1] == child.GuardCommand) {
		os.Exit(cmd.Main())
	}
	os.Exit(m.Run())
}

func plan(t *testing.T, rounds int) *sweep.Plan {
	t.Helper()
	p, err := sweep.NewPlan(sweep.Options{
		Modes: []string{"goroutine", "async"}, Waits: []time.Duration{0, 20 * time.Millisecond},
		CPUs:        []time.Duration{200 * time.Microsecond},
		Connections: []int{4}, Rounds: rounds, Seed: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Prepare(t.Context(), func(string) {}); err != nil {
		t.Fatal(err)
	}
	return p
}

func checkNoChildren(t *testing.T) {
	t.Helper()
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("a child is left: wait4 gives pid %d, %v", pid, err)
	}
}

func TestRunMeasuresRealServers(t *testing.T) {
	defer goleak.VerifyNone(t)
	var said []string
	m, err := sweep.Run(t.Context(), plan(t, 2), func(s string) { said = append(said, s) })
	if err != nil || sweep.Failed(m) != nil {
		t.Fatal(err, m.Failures)
	}
	checkNoChildren(t)
	if len(said) != 2 || !strings.HasPrefix(said[0], "round 1 of 2; ") ||
		!strings.HasPrefix(said[1], "round 2 of 2; ") ||
		m.Partial || len(m.Runs) != 2*2*2 ||
		len(m.Pairs) != 1 || len(m.Pairs[0].Cells) != 2 || m.ElapsedS <= 0 {
		t.Errorf("%q, %+v", said, m)
	}
	for _, r := range m.Runs {
		// Four connections that wait 20 ms send 200 requests a second at most, whatever the
		// machine; each computes for 200 µs at least.
		if r.Requests == 0 || r.Errors != 0 || r.ThroughputRPS <= 0 ||
			r.WaitMS == 20 && r.ThroughputRPS > 201 || r.Trust == nil ||
			runtime.GOOS == "linux" && r.CPUUS == 200 && r.PerRequestUS < 195 {
			t.Errorf("%+v, trust %+v", r, r.Trust)
		}
	}
}

// When it is interrupted it ends at once, leaves no server, and says that runs are missing.
func TestRunInterrupted(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(t.Context())
	m, err := sweep.Run(ctx, plan(t, 50), func(s string) {
		if strings.HasPrefix(s, "round 2 ") {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || m == nil || !m.Partial || len(m.Runs) != 4 || len(m.Failures) != 0 {
		t.Errorf("%v, %+v", err, m)
	}
	checkNoChildren(t)
	if m != nil && m.Pairs[0].Cells[0].Outcome != results.MapUnknown {
		t.Errorf("one round says %+v", m.Pairs[0].Cells[0])
	}
}
