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

// serveCPU computes in place, in every model. Offloading would hide the effect that this workload
// shows.
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

// burn computes until the calling thread has used d of CPU time, and returns the result. It
// overshoots by about half a round of spin: 10 µs, or a fortieth of d if that is less.
//
// Wall-clock time would be wrong: with more requests than cores each would burn less, and an
// overloaded server would seem to get faster. A fixed amount of work would be wrong too: the work
// in a millisecond must be measured when the server starts, and on a shared machine two servers
// measure differently.
//
// The CPU clock belongs to the thread, so the goroutine is locked to its thread meanwhile. Locks
// nest, so a model that locks its threads is unaffected. A goroutine pays for a hand-over of some
// µs when it is preempted, after each 10 ms.
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

// A round of spin takes 0.5 to 20 µs.
const fewestSteps, mostSteps = 250, 10_000

// spin computes the given number of steps of xorshift64 (Marsaglia 2003), each of which needs the
// previous one. 10,000 steps, 20 µs, keep the share of the system call that reads the clock to a
// few percent.
func spin(v uint64, steps int) uint64 {
	v |= 1 // 0 would stay 0
	for range steps {
		v ^= v << 13
		v ^= v >> 7
		v ^= v << 17
	}
	return v
}

// threadCPU returns the user and system CPU time of the calling thread: clock_gettime(2).
func threadCPU() (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0, fmt.Errorf("reading the thread's CPU clock: %w", err)
	}
	return time.Duration(t.Nano()), nil
}
