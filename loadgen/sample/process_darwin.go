package sample

import (
	"errors"
	"fmt"
	"time"

	"github.com/shirou/gopsutil/v4/process"
	"golang.org/x/sys/unix"
)

// macOS tells what a process has used by proc_pidinfo(PROC_PIDTASKINFO) of libproc, and who there
// is by sysctl(3). It shows neither what each thread did nor how many were started meanwhile, and
// another user's process not at all.

// zombie is the state of a process that has ended (SZOMB, bsd/sys/proc.h).
const zombie = 5

// identity is what tells that a pid is still the same process's. A zombie has ended.
func identity(pid int) (started uint64, err error) {
	k, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if errors.Is(err, unix.EIO) { // an answer of no length
		return 0, about(pid, ErrEnded)
	}
	if err != nil {
		return 0, about(pid, fmt.Errorf("sysctl kern.proc.pid: %w", err))
	}
	if k.Proc.P_stat == zombie {
		return 0, about(pid, ErrEnded)
	}
	return uint64(k.Proc.P_starttime.Nano()), nil
}

// readProcess reads what is cheap. The library gives zeros for a process that it may not see or
// that has ended.
func readProcess(pid int) (reading, error) {
	p := process.Process{Pid: int32(pid)}
	threads, err := p.NumThreads()
	if err != nil {
		return reading{}, about(pid, err)
	}
	times, err := p.Times()
	if err != nil {
		return reading{}, about(pid, err)
	}
	memory, err := p.MemoryInfo()
	if err != nil {
		return reading{}, about(pid, err)
	}
	started, err := identity(pid)
	if err != nil {
		return reading{}, err
	}
	if threads == 0 {
		return reading{}, about(pid, fmt.Errorf("%w: it is another user's", ErrUnsupported))
	}
	return reading{
		cpu: time.Duration((times.User + times.System) * float64(time.Second)), rss: memory.RSS,
		threads: int(threads), processes: 1, pid: pid, started: started,
	}, nil
}

func cpuTime(pid int) (time.Duration, error) {
	g, err := readProcess(pid)
	return g.cpu, err
}

// readMember reads one process of a tree. What its children used that have ended is not told of a
// living parent.
func readMember(pid int) (g reading, reaped time.Duration, err error) {
	g, err = readProcess(pid)
	return g, 0, err
}

// childrenOf finds none: that would take a look at all processes. Those that were begun since the
// last look count from the next one.
func childrenOf(int) []int { return nil }

// parentsOfAll are the parents of all processes there are.
func parentsOfAll() (map[int]int, error) {
	all, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil, fmt.Errorf("sysctl kern.proc.all: %w", err)
	}
	parents := make(map[int]int, len(all))
	for _, k := range all {
		parents[int(k.Proc.P_pid)] = int(k.Eproc.Ppid)
	}
	return parents, nil
}

// readThreads has nothing to tell.
func readThreads(int) (threads, error) { return nil, nil }

// readPSS has nothing to tell: pages that processes share count in each.
func readPSS(int) (uint64, error) { return 0, nil }

// readFDs counts the open file descriptors, which another user's process does not show.
func readFDs(pid int) (int, error) {
	p := process.Process{Pid: int32(pid)}
	n, err := p.NumFDs()
	if err == nil {
		return int(n), nil
	}
	if _, ended := identity(pid); ended != nil {
		return 0, ended
	}
	return 0, nil
}

// readForks has nothing to tell.
func readForks() (uint64, error) { return 0, nil }
