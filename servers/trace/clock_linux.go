package trace

import "golang.org/x/sys/unix"

// Now returns the monotonic clock that all processes of a machine share, in nanoseconds.
func Now() int64 { return clock(unix.CLOCK_MONOTONIC) }

// clock returns 0 for a clock that the system does not have.
func clock(id int32) int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		return 0
	}
	return t.Nano()
}

func thread() int { return unix.Gettid() }

func threadCPU() int64 { return clock(unix.CLOCK_THREAD_CPUTIME_ID) }
