package child

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// lastPID is the pid of this process's namespace that was given last.
const lastPID = "/proc/sys/kernel/ns_last_pid"

// apart gives a guard a pid namespace of its own, where this process may: the kernel kills all that
// is in it when the guard dies, by whatever signal. From outside, its processes have pids and
// entries in /proc as all others do. It has mounts of its own too, for a /proc in which a server
// finds itself by the pid that it knows (see settle).
func apart(a *syscall.SysProcAttr) bool {
	if os.Geteuid() != 0 || unix.Access(lastPID, unix.W_OK) != nil {
		return false
	}
	a.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS
	return true
}

// alone says that this process is the first of a pid namespace: there is none but what descends
// from it.
func alone() bool { return os.Getpid() == 1 }

// becomeParent prepares a guard: what its program starts has nobody else for a parent. A system that lets
// a process have a namespace, but not mount its /proc, keeps the one of all.
func becomeParent() error {
	if !alone() {
		return adopt()
	}
	// From the guard's own pid outside on, so that no server has that of an earlier one: a file
	// with the pid of one that was killed would name a process that lives.
	own, err := os.Readlink("/proc/self")
	if err != nil {
		return fmt.Errorf("find the guard's own pid: %w", err)
	}
	if err := os.WriteFile(lastPID, []byte(own), 0); err != nil {
		return fmt.Errorf("set the first pid of a server's own processes: %w", err)
	}
	// What is mounted later outside is to be seen here, and nothing of here outside.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err == nil {
		err = unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
		if err != nil && !errors.Is(err, unix.EPERM) {
			return fmt.Errorf("mount the /proc of a server's own processes: %w", err)
		}
	}
	return nil
}

// adopt makes this process the new parent of all orphans below it (PR_SET_CHILD_SUBREAPER(2const)).
func adopt() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("adopt what a server leaves behind: %w", os.NewSyscallError("prctl", err))
	}
	return nil
}

// guarded is how a guard starts its program. Who kills all processes of this program by its name
// kills the guards as well.
func guarded() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// strays are the processes below this one that are not of the group.
func strays(group int) ([]int, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var found []int
	for _, pid := range below(os.Getpid(), all) {
		if all[pid].PGRP != group {
			found = append(found, pid)
		}
	}
	return found, nil
}

// family are the processes below one.
func family(pid int) ([]int, error) {
	all, err := processes()
	return below(pid, all), err
}

// processes are all there are, by their pid.
func processes() (map[int]procfs.ProcStat, error) {
	procs, err := procfs.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	all := make(map[int]procfs.ProcStat, len(procs))
	for _, p := range procs {
		if s, err := p.Stat(); err == nil { // else it has ended since
			all[p.PID] = s
		}
	}
	return all, nil
}

func below(root int, all map[int]procfs.ProcStat) []int {
	children := map[int][]int{}
	for pid, s := range all {
		children[s.PPID] = append(children[s.PPID], pid)
	}
	found := children[root]
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i]]...)
	}
	return found
}
