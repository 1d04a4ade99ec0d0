package workload

import (
	"fmt"
	"net/http"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

var cpu = Workload{
	Name:    "cpu",
	Method:  http.MethodGet,
	Path:    "/cpu",
	Summary: "ms milliseconds of computing in the handler itself: what a single event loop cannot share out",
	Target:  "/cpu?ms=5",
	CPU:     5 * time.Millisecond,
	handle:  serveCPU,
}

const (
	defaultCPUMS = 5
	maxCPUMS     = 10_000
)

// serveCPU computes in place, in every model. Offloading would be the cure for what this workload
// is there to show.
func serveCPU(_ *Service, x *Exchange) {
	if !x.millis(defaultCPUMS, maxCPUMS) {
		return
	}
	spun, err := burn(x.duration(), x.spun)
	if err != nil {
		x.fail(http.StatusInternalServerError, "%v", err)
		return
	}
	x.spun = spun
	x.count(`{"burned_ms":`, `}`)
}

// burn computes until the calling thread has used d of CPU time, and returns what it computed. It
// overshoots by about half a round of spin: 10 µs, or a fortieth of d where that is less.
//
// Time on the clock on the wall would not do: with more requests than cores each would burn less,
// the more there are, and an overloaded server would seem to get faster. Nor would a fixed amount
// of work: how much a millisecond holds has to be measured when the server starts, and on a shared
// machine two servers measure differently. The CPU clock is the thread's, so a goroutine that moved
// to another thread in between would read a clock that has nothing to do with its start: it is
// locked to its thread meanwhile. Locks nest, so this leaves a model that locks its threads as it
// was; for a goroutine it costs a hand-over of some µs when it is preempted, after each 10 ms.
func burn(d time.Duration, seed uint64) (uint64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start, err := threadCPU()
	if err != nil {
		return seed, err
	}
	steps := int(min(max(d/(40*time.Nanosecond), fewestSteps), mostSteps)) // a step takes some 2 ns
	for used := time.Duration(0); used < d; {
		seed = spin(seed, steps)
		now, err := threadCPU()
		if err != nil {
			return seed, err
		}
		used = now - start
	}
	return seed, nil
}

// A round of spin is 20 µs at most, and 0.5 µs at least.
const fewestSteps, mostSteps = 250, 10_000

// spin computes for so many steps of xorshift64 (Marsaglia 2003), each of which needs the one
// before. 10,000 of them, 20 µs, keep the reading of the clock, a system call, to a few percent.
func spin(v uint64, steps int) uint64 {
	v |= 1 // 0 would stay 0
	for range steps {
		v ^= v << 13
		v ^= v >> 7
		v ^= v << 17
	}
	return v
}

// threadCPU is the CPU time that the calling thread has used, user and system: clock_gettime(2).
func threadCPU() (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0, fmt.Errorf("reading the thread's CPU clock: %w", err)
	}
	return time.Duration(t.Nano()), nil
}
