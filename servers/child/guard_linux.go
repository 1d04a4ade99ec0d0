package child

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// lastPID holds the pid that this process's namespace assigned last.
const lastPID = "/proc/sys/kernel/ns_last_pid"

// apart gives a guard its own pid namespace, if this process may create one: the kernel kills all
// processes in it when the guard dies. Outside, its processes have ordinary pids and entries in
// /proc. It has its own mounts too, for a /proc in which a server finds itself by its own pid (see
// becomeParent).
func apart(a *syscall.SysProcAttr) bool {
	if os.Geteuid() != 0 || unix.Access(lastPID, unix.W_OK) != nil {
		return false
	}
	a.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS
	return true
}

// alone reports whether this process is the first of a pid namespace, which then has only its
// descendants.
func alone() bool { return os.Getpid() == 1 }

// becomeParent makes this process, a guard, the parent of its program's orphans, or mounts its
// namespace's own /proc. If the system denies the mount, the guard keeps the /proc of the host.
func becomeParent() error {
	if !alone() {
		return adopt()
	}
	// Pids continue from the guard's own pid outside, so that no server gets an earlier one's pid.
	// A stale pid file would otherwise name a living process.
	own, err := os.Readlink("/proc/self")
	if err != nil {
		return fmt.Errorf("find the guard's own pid: %w", err)
	}
	if err := os.WriteFile(lastPID, []byte(own), 0); err != nil {
		return fmt.Errorf("set the first pid of a server's own processes: %w", err)
	}
	// Later mounts outside appear here, and mounts here do not appear outside.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err == nil {
		err = unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
		if err != nil && !errors.Is(err, unix.EPERM) {
			return fmt.Errorf("mount the /proc of a server's own processes: %w", err)
		}
	}
	return nil
}

// adopt makes this process the parent of all orphans among its descendants
// (PR_SET_CHILD_SUBREAPER(2const)).
func adopt() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("adopt what a server leaves behind: %w", os.NewSyscallError("prctl", err))
	}
	return nil
}

// guarded returns how a guard starts its program. The program ends even if somebody kills the guard
// by its name.
func guarded() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// strays returns the descendants of this process outside of the group.
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

// family returns the descendants of a process.
func family(pid int) ([]int, error) {
	all, err := processes()
	return below(pid, all), err
}

// processes returns all processes by pid.
func processes() (map[int]procfs.ProcStat, error) {
	procs, err := procfs.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	all := make(map[int]procfs.ProcStat, len(procs))
	for _, p := range procs {
		if s, err := p.Stat(); err == nil { // else the process has ended
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
