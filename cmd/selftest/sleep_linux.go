package selftest

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// sharpenTimers makes the calling thread's sleeps end when they should: a thread's timer slack is
// 50 µs otherwise (prctl(2)).
func sharpenTimers() error {
	return os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0))
}

// sleep blocks the thread until about d from now, and never longer than it takes to be woken
// (clock_nanosleep(2)). Go's clock cannot be given as an absolute time; the nanoseconds between the
// two readings are part of what waitUntil spins away.
func sleep(d time.Duration) {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return // what is left is spun
	}
	until := unix.NsecToTimespec(now.Nano() + d.Nanoseconds())
	for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &until, nil) == unix.EINTR {
	}
}
