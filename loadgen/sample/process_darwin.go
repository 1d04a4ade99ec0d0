package sample

import (
	"errors"
	"fmt"
	"time"

	"github.com/shirou/gopsutil/v4/process"
	"golang.org/x/sys/unix"
)

// macOS reports what a process has used by proc_pidinfo(PROC_PIDTASKINFO) of libproc, and the list
// of processes by sysctl(3). It reports neither each thread's use nor the number of threads
// started, and nothing about another user's process.

// zombie is the state of an ended process (SZOMB, bsd/sys/proc.h).
const zombie = 5

// identity returns the start time that tells a process from a later one with the same pid. A zombie
// has ended.
func identity(pid int) (started uint64, err error) {
	k, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if errors.Is(err, unix.EIO) { // an empty answer
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

// readProcess reads the cheap figures. The library returns zeros for a process that has ended or
// may not be seen.
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

// readMember reads one process of a tree. The use of its ended children is not reported.
func readMember(pid int) (g reading, reaped time.Duration, err error) {
	g, err = readProcess(pid)
	return g, 0, err
}

// childrenOf returns none, because finding them takes a look at all processes. New children count
// from the next look.
func childrenOf(int) []int { return nil }

// parentsOfAll returns the parent of every process.
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

// readThreads returns nothing: macOS does not report it.
func readThreads(int) (threads, error) { return nil, nil }

// readPSS returns 0: shared pages count in each process.
func readPSS(int) (uint64, error) { return 0, nil }

// readFDs counts the open file descriptors. Those of another user's process cannot be read.
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

// readForks returns 0: macOS does not report it.
func readForks() (uint64, error) { return 0, nil }
