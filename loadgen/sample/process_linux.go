package sample

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// clockSched is the exact clock of a process's user and system time. The id of another process's
// clock is ~pid<<3 | which (include/linux/posix-timers_types.h; glibc's clock_getcpuclockid builds
// the same).
const clockSched = 2

// cpuTime returns a process's user and system time since its start, by the scheduler's clock, in
// one system call for any number of threads.
func cpuTime(pid int) (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|clockSched, &ts); err != nil {
		if err == unix.EINVAL || err == unix.ESRCH {
			return 0, about(pid, ErrEnded)
		}
		return 0, about(pid, os.NewSyscallError("clock_gettime", err))
	}
	return time.Duration(ts.Nano()), nil
}

// readProcess reads the cheap figures. A zombie has ended.
func readProcess(pid int) (reading, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return reading{}, about(pid, err)
	}
	s, err := p.Stat()
	if err != nil {
		return reading{}, about(pid, err)
	}
	if s.State == "Z" || s.State == "X" {
		return reading{}, about(pid, ErrEnded)
	}
	g := reading{pid: pid, rss: uint64(s.ResidentMemory()), threads: s.NumThreads, processes: 1, started: s.Starttime}
	g.cpu, err = cpuTime(pid)
	return g, err
}

// readForks returns how many threads and processes the machine has started since boot. Every
// clone(2) counts.
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

// readPSS reads the resident bytes with shared pages divided. Those of another user's process
// cannot be read, nor on an old kernel.
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

// readFDs counts the open file descriptors. Those of another user's process cannot be read. Linux
// 6.2 and later report the number; before that readFDs lists them, at about 0.5 µs each.
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

// statTick is the unit of CPU time in stat files. USER_HZ is 100 on every architecture of Go.
const statTick = 10 * time.Millisecond

// readThreads reads the figures of every thread. It does without procfs's reader of status, which
// parses all of its 60 lines and takes 53 µs a thread instead of 23.
func readThreads(pid int) (threads, error) {
	dir, err := os.Open(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil, about(pid, err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, about(pid, err)
	}
	all := make(threads, len(names))
	buf := make([]byte, 8<<10)
	for _, name := range names {
		tid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		t, err := readThread(dir, name, buf)
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
			continue // the thread has ended
		}
		if err != nil {
			return nil, about(pid, err)
		}
		all[tid] = t
	}
	return all, nil
}

// readThread reads one thread's figures below its process's task directory. CPU time and the wait
// for a CPU come from schedstat (Documentation/scheduler/sched-stats.rst), in nanoseconds as of the
// last tick (some ms) for a running thread. On a kernel without CONFIG_SCHED_INFO, or with zeros in
// schedstat, the CPU time comes from stat, in units of 10 ms.
func readThread(dir *os.File, name string, buf []byte) (t thread, err error) {
	n, err := readAt(dir, name+"/status", buf)
	if err != nil {
		return t, err
	}
	t.voluntary = statusField(buf[:n], "\nvoluntary_ctxt_switches:")
	t.involuntary = statusField(buf[:n], "\nnonvoluntary_ctxt_switches:")
	n, err = readAt(dir, name+"/schedstat", buf)
	if err == nil {
		t.cpu, t.waited, t.runs, err = schedStat(buf[:n])
	}
	if err != nil && !errors.Is(err, unix.ENOENT) || t.cpu > 0 {
		return t, err
	}
	if n, err = readAt(dir, name+"/stat", buf); err != nil {
		return t, err
	}
	t.cpu, err = statCPU(buf[:n])
	return t, err
}

func readAt(dir *os.File, name string, buf []byte) (int, error) {
	fd, err := unix.Openat(int(dir.Fd()), name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, os.NewSyscallError("openat "+name, err)
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, buf)
	return n, os.NewSyscallError("read "+name, err)
}

// statusField reads one number from the text of a status file; 0 if absent.
func statusField(text []byte, name string) uint64 {
	i := bytes.LastIndex(text, []byte(name))
	if i < 0 {
		return 0
	}
	value, _, _ := bytes.Cut(text[i+len(name):], []byte("\n"))
	n, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// schedStat parses a schedstat file: nanoseconds on a CPU, nanoseconds runnable without a CPU, and
// the number of times that a CPU was given.
func schedStat(text []byte) (cpu, waited time.Duration, runs uint64, err error) {
	fields := bytes.Fields(text)
	if len(fields) != 3 {
		return 0, 0, 0, fmt.Errorf("schedstat %q: it has %d numbers, and 3 were expected", text, len(fields))
	}
	var n [3]int64
	for i, f := range fields {
		if n[i], err = strconv.ParseInt(string(f), 10, 64); err != nil {
			return 0, 0, 0, fmt.Errorf("schedstat %q: %w", text, err)
		}
	}
	return time.Duration(n[0]), time.Duration(n[1]), uint64(n[2]), nil
}

// statCPU adds utime and stime of a stat file, its 14th and 15th field (proc_pid_stat(5)). The
// second field is the thread's name in brackets, which may contain blanks and brackets.
func statCPU(text []byte) (time.Duration, error) {
	const utime, stime = 14 - 3, 15 - 3 // counted from the third field
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= stime {
		return 0, fmt.Errorf(
			"stat %q has %d fields after the name, and the CPU time is in the %dth and %dth", text,
			len(fields), utime+1, stime+1)
	}
	var ticks int64
	for _, f := range fields[utime : stime+1] {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("stat %q: %w", text, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * statTick, nil
}
