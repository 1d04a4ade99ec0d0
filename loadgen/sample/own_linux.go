package sample

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// OwnThread reads what the calling thread has used since it began, in some 10 µs. Its CPU time is
// that of now: that of schedstat is of the last tick.
func OwnThread() (u ThreadUse) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err == nil {
		u.CPU = time.Duration(ts.Nano())
	}
	text, err := os.ReadFile("/proc/thread-self/schedstat")
	if err != nil {
		return u // a kernel without CONFIG_SCHED_INFO
	}
	if _, waited, runs, err := schedStat(text); err == nil {
		u.Waited, u.Runs = waited, runs
	}
	return u
}
