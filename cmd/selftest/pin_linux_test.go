package selftest_test

import (
	"os"
	"testing"

	"github.com/prometheus/procfs"

	"nodecompare/cmd/selftest"
	"nodecompare/loadgen/cpuset"
)

// A selftest measures as a bench does: with the generator, which is this process, on CPUs of its
// own; afterwards it has all again.
func TestRunPinned(t *testing.T) {
	before, err := cpuset.Allowed()
	if err != nil {
		t.Fatal(err)
	}
	if len(before) < 2 {
		t.Skipf("only CPU %v may be used: there is nothing to share out", before)
	}
	p := brief()
	p.Stall = selftest.Stall{}
	p.Pin = cpuset.Pin{Server: before[:1], Generator: before[1:2]}
	steps := 0
	s, err := selftest.Run(t.Context(), p, func(step string) {
		steps++
		if now, err := cpuset.Allowed(); err != nil || now.String() != p.Pin.Generator.String() {
			t.Errorf("%s: this process may use CPU %v (%v), want %v", step, now, err, p.Pin.Generator)
		}
		if now, err := cpuset.Affinity(child(t)); err != nil || now.String() != p.Pin.Server.String() {
			t.Errorf("%s: the server may use CPU %v (%v), want %v", step, now, err, p.Pin.Server)
		}
	})
	if err != nil || s.Partial || steps != len(p.Engines) {
		t.Errorf("%d steps, %+v, %v", steps, s, err)
	}
	if after, err := cpuset.Allowed(); err != nil || after.String() != before.String() {
		t.Errorf("afterwards this process may use CPU %v (%v), want %v", after, err, before)
	}
}

// child is the process that this one has started.
func child(t *testing.T) int {
	t.Helper()
	all, err := procfs.AllProcs()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if s, err := p.Stat(); err == nil && s.PPID == os.Getpid() {
			return p.PID
		}
	}
	t.Fatal("this process has no child")
	return 0
}

// A pin that cannot be is an error before anything is measured.
func TestRunPinnedToWhatIsNotThere(t *testing.T) {
	p := brief()
	p.Pin = cpuset.Pin{Server: cpuset.CPUs{1022}, Generator: cpuset.CPUs{1023}}
	s, err := selftest.Run(t.Context(), p, func(step string) { t.Error("a step: " + step) })
	if err == nil || !s.Partial || len(s.Checks) > 0 {
		t.Errorf("%+v, %v", s, err)
	}
}
