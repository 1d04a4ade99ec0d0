package servers

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// leastSpace is the address space in which a Go program starts and serves a little: its runtime
// reserves more than a gigabyte.
const leastSpace = 1500 << 20

// Room refuses to begin where the system's limits leave no room for so many more threads, or for a
// Go program's memory. Go would end the program in the midst of its work, with a trace.
func Room(threads int) error {
	var space unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &space); err != nil {
		return os.NewSyscallError("getrlimit", err)
	}
	limits, err := taskLimits()
	if err != nil {
		return err
	}
	return within(space.Cur, limits, threads)
}

// within refuses what Room does.
func within(space uint64, limits []taskLimit, threads int) error {
	if space < leastSpace {
		return fmt.Errorf("too little address space: ulimit -v allows %d MiB, and Go's runtime alone reserves more "+
			"than 1 GiB: allow %d MiB or more, as ulimit -v unlimited does", space>>20, leastSpace>>20)
	}
	for _, l := range limits {
		if l.most-l.used < threads {
			return fmt.Errorf("too few threads: %s allows %d, of which %d are in use, and %d more are needed: %s",
				l.name, l.most, l.used, threads, l.remedy)
		}
	}
	return nil
}

// taskLimit is one of the system's limits on threads.
type taskLimit struct {
	name, remedy string
	most         int
	used         int // of a limit that others share; 0 where it is the whole machine's
}

// taskLimits are those that this process is under.
func taskLimits() ([]taskLimit, error) {
	var limits []taskLimit
	for _, l := range []struct {
		file string
		each int // that a thread of the C library's takes: its stack, and the guard page below
	}{{"kernel/pid_max", 1}, {"kernel/threads-max", 1}, {"vm/max_map_count", 2}} {
		file := "/proc/sys/" + l.file
		most, err := readLimit(file)
		if err != nil {
			return nil, fmt.Errorf("finding how many threads may be made: %w", err)
		}
		remedy := "raise it by sysctl " + strings.ReplaceAll(l.file, "/", ".")
		limits = append(limits, taskLimit{name: file, remedy: remedy, most: most / l.each})
	}
	cgroups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("finding how many threads may be made: %w", err)
	}
	for _, file := range pidsFiles(string(cgroups)) {
		l := taskLimit{name: file, remedy: "raise it, as docker run --pids-limit and systemd's TasksMax do"}
		if l.most, err = readLimit(file); err == nil && l.most < noLimit {
			l.used, err = readLimit(path.Join(path.Dir(file), "pids.current"))
		}
		if err != nil {
			return nil, fmt.Errorf("finding how many threads may be made: %w", err)
		}
		limits = append(limits, l)
	}
	user, err := userLimit()
	if err != nil {
		return nil, fmt.Errorf("finding how many threads may be made: %w", err)
	}
	return append(limits, user), nil
}

// userLimit is that on all processes of this user (setrlimit(2)). It binds neither root nor who has
// root's capabilities.
func userLimit() (taskLimit, error) {
	l := taskLimit{name: "ulimit -u", remedy: "raise it, or end other programs of this user", most: noLimit}
	if free, err := unlimited(); free || err != nil {
		return l, err
	}
	var err error
	if l.most, err = resourceLimit(unix.RLIMIT_NPROC); err != nil || l.most == noLimit {
		return l, err
	}
	all, err := procfs.AllProcs()
	if err != nil {
		return l, err
	}
	for _, p := range all {
		status, err := p.NewStatus()
		if err != nil || status.UIDs[0] != uint64(unix.Getuid()) {
			continue // one that has ended, or whose owner hides it
		}
		if stat, err := p.Stat(); err == nil {
			l.used += stat.NumThreads
		}
	}
	return l, nil
}

// unlimited tells whether the kernel lets this process exceed the user's limit.
func unlimited() (bool, error) {
	if unix.Getuid() == 0 {
		return true, nil
	}
	var has [2]unix.CapUserData
	err := unix.Capget(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &has[0])
	return has[0].Effective&(1<<unix.CAP_SYS_ADMIN|1<<unix.CAP_SYS_RESOURCE) != 0, os.NewSyscallError("capget", err)
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
