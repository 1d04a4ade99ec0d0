package eventloop_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

// A loop that has nothing to do sleeps.
func TestAnIdleLoopDoesNotTurn(t *testing.T) {
	l := start(t, 1)
	accepted(t, l, &handler{})
	sleeps(t, l, "idle", func() { timerPause(t, l, 200*time.Millisecond) })
}

// sleeps fails if the loop's thread computes during more than a quarter of f: it turns without end
// then.
func sleeps(t *testing.T, l *eventloop.Loop, while string, f func()) {
	t.Helper()
	who := syscall.RUSAGE_SELF
	if runtime.GOOS == "linux" {
		who = 1 // RUSAGE_THREAD
	}
	used := func() (sum time.Duration) {
		var err error
		on(t, l, func() { sum, err = cpuTime(who) })
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	before, began := used(), time.Now()
	f()
	took := time.Since(began)
	if cpu := used() - before; cpu > took/4 {
		t.Errorf("%v of CPU in %v while %s: the loop spins", cpu, took, while)
	}
}

// cpuTime is what the process has used, or this thread of it.
func cpuTime(who int) (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(who, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}
