package trace

import "golang.org/x/sys/unix"

// Now returns the monotonic clock that all processes of a machine share, in nanoseconds.
func Now() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return 0
	}
	return t.Nano()
}

// thread is not known: macOS numbers no threads for a program that does not link its C library.
func thread() int { return 0 }

func threadCPU() int64 { return 0 }
