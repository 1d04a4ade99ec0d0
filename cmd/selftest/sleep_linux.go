package selftest

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// sharpenTimers makes the calling thread's sleeps end on time. Their timer slack is 50 µs otherwise
// (prctl(2)).
func sharpenTimers() error {
	return os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0))
}

// sleep blocks the thread for about d, and at most as long as a wake-up takes beyond it
// (clock_nanosleep(2)). Go's clock cannot be given as an absolute time. waitUntil spins away the
// nanoseconds between the two readings.
func sleep(d time.Duration) {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return // waitUntil spins for the rest
	}
	until := unix.NsecToTimespec(now.Nano() + d.Nanoseconds())
	for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &until, nil) == unix.EINTR {
	}
}
