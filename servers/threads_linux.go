package servers

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// threadLimit returns how many threads this process may safely give to connections, if each needs
// the given number of descriptors: see threadsWithin.
func threadLimit(each int) (int, error) {
	cgroups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil && !os.IsNotExist(err) {
		return 0, fmt.Errorf("finding how many threads may be made: %w", err)
	}
	limits := []func() (int, error){
		func() (int, error) { return readLimit("/proc/sys/kernel/pid_max") },
		func() (int, error) { return readLimit("/proc/sys/kernel/threads-max") },
		// A thread of the C library has two mappings, its stack and the guard page below.
		func() (int, error) { n, err := readLimit("/proc/sys/vm/max_map_count"); return n / 2, err },
		func() (int, error) { return resourceLimit(unix.RLIMIT_NPROC) },
	}
	for _, name := range pidsFiles(string(cgroups)) {
		limits = append(limits, func() (int, error) { return readLimit(name) })
	}
	tasks := noLimit
	for _, l := range limits {
		n, err := l()
		if err != nil {
			return 0, fmt.Errorf("finding how many threads may be made: %w", err)
		}
		tasks = min(tasks, n)
	}
	files, err := resourceLimit(unix.RLIMIT_NOFILE)
	if err != nil {
		return 0, fmt.Errorf("finding how many descriptors may be opened: %w", err)
	}
	return threadsWithin(tasks, files, each), nil
}

// noLimit stands for no limit, and exceeds the threads of any machine.
const noLimit = 1 << 20

// spareFiles is left for a server's other files: standard streams, listeners, the database, files
// being read.
const spareFiles = 64

// spareThreads is left for Go's runtime: one for each of threadProcs' processors, for its garbage
// collector, and some to hand processors over.
const spareThreads = 256 + 64

// threadsWithin returns how many of the tasks that the tightest limit permits may serve
// connections: three quarters, because others share the limit, and without those of Go's runtime.
// Each needs descriptors too. One of them is taken from the start, although /proc does not show it:
// a thread that waits in accept(2) has reserved its descriptor.
func threadsWithin(tasks, files, each int) int {
	return max(1, min(tasks-max(tasks/4, spareThreads), (files-spareFiles)/each))
}

// pidsFiles returns the files with the task limits of the control groups in text, a
// /proc/self/cgroup (cgroups(7)): those of this process and of all around it. A container sees its
// own group as the root, and may lack the others.
func pidsFiles(text string) (names []string) {
	for line := range strings.Lines(text) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, ok := strings.Cut(rest, ":")
		root := "/sys/fs/cgroup" // version 2, without controllers here
		switch {
		case !ok:
			continue
		case strings.Contains(","+controllers+",", ",pids,"):
			root = "/sys/fs/cgroup/pids"
		case controllers != "":
			continue
		}
		for at := path.Clean("/" + group); ; at = path.Dir(at) {
			names = append(names, path.Join(root, at, "pids.max"))
			if at == "/" {
				break
			}
		}
	}
	return names
}

// readLimit reads a limit from a file. "max", and a file that this kernel lacks, set no limit.
func readLimit(name string) (int, error) {
	b, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return noLimit, nil
	}
	if err != nil {
		return 0, err
	}
	text := strings.TrimSpace(string(b))
	if text == "max" {
		return noLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}

func resourceLimit(which int) (int, error) {
	var r unix.Rlimit
	if err := unix.Getrlimit(which, &r); err != nil {
		return 0, os.NewSyscallError("getrlimit", err)
	}
	return int(min(r.Cur, noLimit)), nil
}
