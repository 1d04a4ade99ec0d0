package sample

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The two sources of a thread's CPU time agree, and with what getrusage(2) says, but for their
// units.
func TestThreadCPU(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for spent(t) < 300*time.Millisecond {
	}
	runtime.Gosched() // so that the clock of the thread that runs is as new as can be
	least := spent(t)
	read := func(name string, parse func([]byte) (time.Duration, error)) time.Duration {
		t.Helper()
		text, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/%s", unix.Gettid(), name))
		if os.IsNotExist(err) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		cpu, err := parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return cpu
	}
	const unit = 50 * time.Millisecond // of two ticks of 10 ms, and one of the scheduler on a busy machine
	if cpu := read("stat", statCPU); cpu < least-unit || cpu > spent(t)+unit {
		t.Errorf("stat: %v, of which %v is known", cpu, least)
	}
	cpu := read("schedstat", func(text []byte) (time.Duration, error) {
		cpu, _, _, err := schedStat(text)
		return cpu, err
	})
	if cpu < least-unit || cpu > spent(t)+unit {
		t.Errorf("schedstat: %v, of which %v is known", cpu, least)
	}
}

// spent is the calling thread's CPU time.
func spent(t *testing.T) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestStatCPU(t *testing.T) {
	const rest = " S 1 1 1 0 -1 4194560 20 0 0 0 117 25 0 0 20 0 12 0 5"
	for _, name := range []string{"1 (nodecompare)", "1 (a) S 9 (b)", "1 ()"} {
		if got, err := statCPU([]byte(name + rest)); err != nil || got != 1420*time.Millisecond {
			t.Errorf("%s: %v, %v; want 1.42s", name, got, err)
		}
	}
	for _, text := range []string{"", "1 (a) S 1 1 1", "1 (a) S 1 1 1 0 -1 4194560 20 0 0 0 117 x 0"} {
		if got, err := statCPU([]byte(text)); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestSchedStat(t *testing.T) {
	cpu, waited, runs, err := schedStat([]byte("85680469 46303833 216\n"))
	if err != nil || cpu != 85680469 || waited != 46303833 || runs != 216 {
		t.Errorf("%v, %v, %v, %v", cpu, waited, runs, err)
	}
	for _, text := range []string{"\n", "1 2\n", "1 x 3\n", "1 2 3 4\n"} {
		if cpu, _, _, err := schedStat([]byte(text)); err == nil {
			t.Errorf("%v of %q", cpu, text)
		}
	}
}
