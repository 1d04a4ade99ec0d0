package sample

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// statTick is the unit of CPU time in stat files: USER_HZ is 100 on every architecture that Go runs on.
const statTick = 10 * time.Millisecond

// readThreads reads the figures of every thread. procfs's reader of status parses all of its 60 lines: 53 µs a thread against 23.
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
			continue // this thread has ended since
		}
		if err != nil {
			return nil, about(pid, err)
		}
		all[tid] = t
	}
	return all, nil
}

// readThread reads one thread's figures below its process's task directory. Its CPU time is the scheduler's, in nanoseconds, as of the
// last tick (some ms) where it runs just now (schedstat, Documentation/scheduler/sched-stats.rst). A kernel without
// CONFIG_SCHED_INFO has no such file, and some have zeros in it; there it is stat's, in units of 10 ms.
func readThread(dir *os.File, name string, buf []byte) (t thread, err error) {
	n, err := readAt(dir, name+"/status", buf)
	if err != nil {
		return t, err
	}
	t.voluntary = statusField(buf[:n], "\nvoluntary_ctxt_switches:")
	t.involuntary = statusField(buf[:n], "\nnonvoluntary_ctxt_switches:")
	n, err = readAt(dir, name+"/schedstat", buf)
	if err == nil {
		t.cpu, err = schedCPU(buf[:n])
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

// statusField reads one number from the text of a status file; 0 where there is none.
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

// schedCPU reads the first of a schedstat file's numbers.
func schedCPU(text []byte) (time.Duration, error) {
	first, _, _ := bytes.Cut(text, []byte(" "))
	n, err := strconv.ParseInt(string(first), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("schedstat %q: %w", text, err)
	}
	return time.Duration(n), nil
}

// statCPU adds up utime and stime of a stat file, the 14th and 15th field (proc_pid_stat(5)). The second is the thread's name in
// brackets, which may hold blanks and brackets itself.
func statCPU(text []byte) (time.Duration, error) {
	const utime, stime = 14 - 3, 15 - 3 // counted from the third field
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= stime {
		return 0, fmt.Errorf("stat %q has %d fields after the name, and the CPU time is in the %dth and %dth", text, len(fields), utime+1, stime+1)
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
