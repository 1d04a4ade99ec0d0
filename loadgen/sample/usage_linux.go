package sample

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// The clocks of a process other than one's own: a clock id is ~pid<<3 | which. (include/linux/posix-timers_types.h;
// glibc's clock_getcpuclockid makes the last of them.)
const (
	clockProf  = 0 // user and system, by ticks
	clockVirt  = 1 // user, by ticks
	clockSched = 2 // user and system, exact
)

func cpuClock(pid int, which int32) (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|which, &ts); err != nil {
		if err == unix.EINVAL || err == unix.ESRCH {
			return 0, ErrEnded
		}
		return 0, os.NewSyscallError("clock_gettime", err)
	}
	return time.Duration(ts.Nano()), nil
}

// Sample reads all of a process's figures. It costs 30 µs for each of its threads, and smaps_rollup holds up the process's
// own memory mapping meanwhile: for the ends of a measurement, not within it.
func Sample(pid int) (Usage, error) {
	g, err := readGauge(pid)
	if err != nil {
		return Usage{}, err
	}
	all, err := readThreads(pid)
	if err != nil {
		return Usage{}, err
	}
	u := Usage{CPU: g.cpu, RSS: g.rss, Threads: g.threads}
	u.CPUUser, u.CPUSystem = split(g.cpu, g.user, g.total)
	for _, t := range all {
		u.VoluntarySwitches += t.voluntary
		u.InvoluntarySwitches += t.involuntary
	}
	if u.PSS, err = readPSS(pid); err != nil {
		return Usage{}, err
	}
	if u.FDs, err = readFDs(pid); err != nil {
		return Usage{}, err
	}
	now, err := readGauge(pid)
	if err != nil {
		return Usage{}, err
	}
	return u, g.sameAs(now)
}

// readGauge reads what is cheap. A zombie has ended.
func readGauge(pid int) (gauge, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return gauge{}, about(pid, err)
	}
	s, err := p.Stat()
	if err != nil {
		return gauge{}, about(pid, err)
	}
	if s.State == "Z" || s.State == "X" {
		return gauge{}, about(pid, ErrEnded)
	}
	g := gauge{pid: pid, rss: uint64(s.ResidentMemory()), threads: s.NumThreads, processes: 1, started: s.Starttime}
	return g, g.readClocks()
}

func (g *gauge) readClocks() (err error) {
	for _, c := range []struct {
		which int32
		value *time.Duration
	}{{clockSched, &g.cpu}, {clockVirt, &g.user}, {clockProf, &g.total}} {
		if *c.value, err = cpuClock(g.pid, c.which); err != nil {
			return about(g.pid, err)
		}
	}
	return nil
}

// readForks is how many threads and processes the machine has started since it booted. Every clone(2) counts.
func readForks() (uint64, error) {
	system, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, fmt.Errorf("read how many processes the machine has started: %w", err)
	}
	s, err := system.Stat()
	if err != nil {
		return 0, fmt.Errorf("read how many processes the machine has started: %w", err)
	}
	return s.ProcessCreated, nil
}

// readPSS reads the resident bytes with shared pages divided; another user's process, and an old kernel, do not show them.
func readPSS(pid int) (uint64, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return 0, about(pid, err)
	}
	m, err := p.ProcSMapsRollup()
	if err != nil && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist) {
		return 0, about(pid, err)
	}
	return m.Pss, nil
}

// readFDs counts the open file descriptors, which another user's process does not show. Linux 6.2 and later tell the number;
// before that they are listed, at about 0.5 µs each.
func readFDs(pid int) (int, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return 0, about(pid, err)
	}
	n, err := p.FileDescriptorsLen()
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		return 0, about(pid, err)
	}
	return n, nil
}

// about says which process an error is of, and turns the ways in which /proc shows one that is gone into ErrEnded.
func about(pid int, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		err = ErrEnded
	}
	return fmt.Errorf("figures of process %d: %w", pid, err)
}
