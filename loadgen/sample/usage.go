package sample

import (
	"errors"
	"fmt"
	"time"
)

// ErrUnsupported says that this system does not give the figures of a process by its pid. The load itself works.
var ErrUnsupported = errors.New("the figures of a process are not available on this system")

// ErrEnded says that a process ended, or that its pid became another's, while it was looked at.
var ErrEnded = errors.New("the process has ended")

// Usage is what a process has used since it started, and holds now.
type Usage struct {
	// CPU is user and system time of all its threads, those that ended too, in nanoseconds: the scheduler's own clock
	// (clock_getcpuclockid(3)). The kernel knows the split into user and system by its timer tick only (4 ms at 250 Hz):
	// CPUUser and CPUSystem divide CPU in that proportion, and add up to it.
	CPU, CPUUser, CPUSystem time.Duration

	RSS     uint64 // bytes resident, /proc/PID/stat; the kernel rounds by some pages a CPU
	PSS     uint64 // bytes resident, shared pages divided among their users, /proc/PID/smaps_rollup; 0 where it may not be read
	Threads int
	FDs     int // open file descriptors; 0 where they may not be read

	// Of the threads that are alive, /proc/PID/task/TID/status: a thread takes its own with it when it ends.
	VoluntarySwitches, InvoluntarySwitches uint64
}

// split divides cpu in the proportion of the tick-counted user and total time.
func split(cpu, user, total time.Duration) (u, s time.Duration) {
	if total <= 0 {
		return cpu, 0
	}
	u = time.Duration(float64(cpu) * (float64(user) / float64(total)))
	return u, cpu - u
}

// gauge is what is cheap to read of a process: 0.1 ms, and as much for each 500 threads.
type gauge struct {
	cpu         time.Duration // exact
	user, total time.Duration // by ticks
	rss         uint64
	threads     int
	processes   int
	pid         int    // of a tree: of its root
	started     uint64 // since boot, in clock ticks: with the pid, the process's identity
}

// sameAs is an error when the pid is by now another process's than the one that g was read of.
func (g gauge) sameAs(now gauge) error {
	if now.started != g.started {
		return fmt.Errorf("figures of process %d: %w, and its pid is now another's", g.pid, ErrEnded)
	}
	return nil
}
