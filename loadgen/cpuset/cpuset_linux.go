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

// maxPasses bounds the search for threads that start during the pinning. Each pass pins all threads
// it finds, and their new threads inherit that, so two or three passes are usual.
const maxPasses = 100

// Allowed returns the CPUs that this process may use (sched_getaffinity(2) of its main thread).
func Allowed() (CPUs, error) { return Affinity(os.Getpid()) }

// Affinity returns the CPUs that a process's main thread, or a thread given by its id, may use.
func Affinity(pid int) (CPUs, error) {
	var mask unix.CPUSet
	if err := unix.SchedGetaffinity(pid, &mask); err != nil {
		return nil, aboutPinning("read the CPUs of process "+strconv.Itoa(pid), err)
	}
	return members(&mask), nil
}

// PinSelf binds every thread of this process to the CPUs until restore, which gives each thread its
// former CPUs, and newer threads those of the main thread. Both adapt GOMAXPROCS at once, unless
// the environment sets it, and so undo a value set by runtime.GOMAXPROCS.
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
		// Restore newer threads only: a thread started by a pinned one must not keep its CPUs.
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

// followAffinity updates GOMAXPROCS, which the runtime would do within a second.
func followAffinity() {
	if n, err := strconv.Atoi(os.Getenv("GOMAXPROCS")); err != nil || n < 1 {
		runtime.SetDefaultGOMAXPROCS()
	}
}

// Pinned runs start with the calling thread bound to the CPUs, so that a process started by it
// (exec.Cmd.Start) has them from its first instruction: a child inherits the mask of the forking
// thread, and execve(2) preserves it. Without CPUs, Pinned just runs start. Threads that Go starts
// meanwhile do not inherit the mask, because Go never starts one from a locked thread.
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
		// The thread stays locked and ends with this goroutine, so that no other goroutine runs on
		// it.
		return errors.Join(startErr, aboutPinning("give this thread its CPUs back", err))
	}
	runtime.UnlockOSThread()
	return startErr
}

// eachThread calls do for every thread of a process, including those that begin meanwhile, and
// returns their number. Its last pass finds no new thread, so all later threads descend from
// treated ones.
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
				continue // the thread has ended
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

// siblings reads which CPUs are threads of the same core; nil if the kernel does not say.
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

// aboutPinning adds to an error what was tried, and what a bare error number means here.
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
