package cpuset

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// maxPasses bounds the search for threads that were started while others were being pinned. Each
// pass pins all that it finds, and threads started by those are pinned from the start: two or three
// passes are usual.
const maxPasses = 100

// Allowed is the CPUs that this process may use (sched_getaffinity(2) of its main thread).
func Allowed() (CPUs, error) { return Affinity(os.Getpid()) }

// Affinity is the CPUs that the main thread of a process may use, or any thread, given its thread
// id.
func Affinity(pid int) (CPUs, error) {
	var mask unix.CPUSet
	if err := unix.SchedGetaffinity(pid, &mask); err != nil {
		return nil, aboutPinning("read the CPUs of process "+strconv.Itoa(pid), err)
	}
	return members(&mask), nil
}

// PinSelf binds every thread of this process to the CPUs until restore, which gives each thread
// what it had before, and those begun since what the main thread had. GOMAXPROCS is brought in line
// at once, both times, unless the environment sets it; a value that the program itself had set by
// runtime.GOMAXPROCS is lost by that.
func PinSelf(cpus CPUs) (restore func() error, err error) {
	pid := os.Getpid()
	what := fmt.Sprintf("pin this process to CPU %v", cpus)
	mask, err := maskOf(cpus)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	var usual unix.CPUSet
	if err := unix.SchedGetaffinity(pid, &usual); err != nil {
		return nil, aboutPinning(what, err)
	}
	before := map[int]unix.CPUSet{}
	restore = func() error {
		_, err := eachThread(pid, func(tid int) error {
			had, known := before[tid]
			if !known {
				had = usual
			}
			return unix.SchedSetaffinity(tid, &had)
		})
		followAffinity()
		return aboutPinning("let this process use the CPUs again that it had before", err)
	}
	_, err = eachThread(pid, func(tid int) error {
		var had unix.CPUSet
		if err := unix.SchedGetaffinity(tid, &had); err != nil {
			return err
		}
		// Only then: a thread that was begun by a pinned one must not keep that for ever.
		if had != *mask || tid == pid {
			before[tid] = had
		}
		return unix.SchedSetaffinity(tid, mask)
	})
	if err != nil {
		return nil, errors.Join(aboutPinning(what, err), restore())
	}
	followAffinity()
	return restore, nil
}

// followAffinity does at once what the runtime would do within a second.
func followAffinity() {
	if n, err := strconv.Atoi(os.Getenv("GOMAXPROCS")); err != nil || n < 1 {
		runtime.SetDefaultGOMAXPROCS()
	}
}

// Pinned runs start with the calling thread bound to the CPUs, so that a process started within it
// (exec.Cmd.Start) has them from its first instruction: a child has the mask of the thread that
// forked it, and execve(2) preserves it. With no CPUs it just runs start. Threads that Go starts
// meanwhile do not have the mask: it makes none from a locked thread.
func Pinned(cpus CPUs, start func() error) error {
	if len(cpus) == 0 {
		return start()
	}
	what := fmt.Sprintf("start on CPU %v", cpus)
	mask, err := maskOf(cpus)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	runtime.LockOSThread()
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		runtime.UnlockOSThread()
		return aboutPinning(what, err)
	}
	if err := unix.SchedSetaffinity(0, mask); err != nil {
		runtime.UnlockOSThread()
		return aboutPinning(what, err)
	}
	startErr := start()
	if err := unix.SchedSetaffinity(0, &before); err != nil {
		// The thread stays locked to this goroutine, so that no other ever runs on it; it ends with
		// this one.
		return errors.Join(startErr, aboutPinning("give this thread its CPUs back", err))
	}
	runtime.UnlockOSThread()
	return startErr
}

// eachThread calls do for every thread of a process, those too that begin meanwhile, and gives how
// many there were. The last pass over them finds none that is new: then all that are to come
// descend from threads that have been done.
func eachThread(pid int, do func(tid int) error) (int, error) {
	done := map[int]bool{}
	for range maxPasses {
		tids, err := threadsOf(pid)
		if err != nil {
			return len(done), err
		}
		fresh := false
		for _, tid := range tids {
			if done[tid] {
				continue
			}
			if err := do(tid); errors.Is(err, unix.ESRCH) && tid != pid {
				continue // it has ended since
			} else if err != nil {
				return len(done), err
			}
			fresh, done[tid] = true, true
		}
		if !fresh {
			return len(done), nil
		}
	}
	return len(done),
		fmt.Errorf("it starts threads faster than they can be pinned: %d in %d passes", len(done), maxPasses)
}

func threadsOf(pid int) ([]int, error) {
	dir, err := os.Open(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	tids := make([]int, 0, len(names))
	for _, name := range names {
		tid, err := strconv.Atoi(name)
		if err != nil {
			return nil, fmt.Errorf("thread id %q in %s: %w", name, dir.Name(), err)
		}
		tids = append(tids, tid)
	}
	return tids, nil
}

// siblings reads which CPUs are threads of the same core; nil where the kernel does not tell.
func siblings(cpu int) CPUs {
	text, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu))
	if err != nil {
		return nil
	}
	set, err := ParseCPUs(strings.TrimSpace(string(text)))
	if err != nil {
		return nil
	}
	return set
}

func maskOf(cpus CPUs) (*unix.CPUSet, error) {
	if len(cpus) == 0 {
		return nil, errors.New("no CPU is given")
	}
	var mask unix.CPUSet
	for _, n := range cpus {
		if n < 0 || n > MaxCPU {
			return nil, fmt.Errorf("CPU %d: the numbers go from 0 to %d", n, MaxCPU)
		}
		mask.Set(n)
	}
	return &mask, nil
}

func members(mask *unix.CPUSet) CPUs {
	var set CPUs
	for n := range MaxCPU + 1 {
		if mask.IsSet(n) {
			set = append(set, n)
		}
	}
	return set
}

// aboutPinning says what was tried, and what a bare error number means here.
func aboutPinning(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EINVAL):
		err = fmt.Errorf("none of these CPUs may be used here, or there is none of that number: see "+
			"Cpus_allowed_list in /proc/self/status (%w)", err)
	case errors.Is(err, unix.EPERM):
		err = fmt.Errorf("another user's process may not be pinned (%w)", err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
