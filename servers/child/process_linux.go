package child

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/prometheus/procfs"
)

// ownsListener returns nil if one of the processes holds a socket that listens on the port. Without
// the check a leftover server, or another that shares the port by SO_REUSEPORT, could be measured
// in place of the child. which says in errors how the port is known. ownsListener calls find only
// if somebody listens, because find may look at every process.
func ownsListener(find func() ([]int, error), port int, which string) error {
	all, err := listeners(os.Getpid())
	if err != nil {
		return fmt.Errorf("look for the socket on port %d: %w", port, err)
	}
	listening := 0
	for _, p := range all {
		if p == port {
			listening++
		}
	}
	if listening == 0 {
		return fmt.Errorf("nothing listens on port %d, which %s", port, which)
	}
	pids, err := find()
	if err != nil {
		return err
	}
	own, err := held(pids, all)
	if err != nil {
		return fmt.Errorf("look for the socket on port %d: %w", port, err)
	}
	switch n := own[port]; {
	case n == 0:
		return fmt.Errorf("port %d, which %s, is listened on by another process", port, which)
	case n < listening:
		return fmt.Errorf("port %d, which %s, is shared with another process", port, which)
	}
	return nil
}

// portsOf returns the ports that the descendants of a process listen on.
func portsOf(pid int) ([]int, error) {
	all, err := listeners(os.Getpid())
	if err != nil {
		return nil, err
	}
	pids, err := family(pid)
	if err != nil {
		return nil, err
	}
	own, err := held(pids, all)
	return slices.Sorted(maps.Keys(own)), err
}

// held counts, by port, the given sockets that the processes hold.
func held(pids []int, sockets map[string]int) (map[int]int, error) {
	seen := map[string]bool{}
	own := map[int]int{}
	for _, pid := range pids {
		targets, err := descriptors(pid)
		if err != nil {
			return nil, err
		}
		for _, t := range targets {
			if port, ok := sockets[t]; ok && !seen[t] {
				seen[t] = true
				own[port]++
			}
		}
	}
	return own, nil
}

// descriptors returns a process's descriptors as their links read; none if it has ended.
func descriptors(pid int) ([]string, error) {
	proc, err := procfs.NewProc(pid)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	targets, err := proc.FileDescriptorTargets()
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return nil, nil
	}
	return targets, err
}

// listeners returns the ports of the TCP sockets in state LISTEN in the process's network namespace
// (this process's too, unless it was moved), by the text of their descriptors' links:
// socket:[inode].
//
// The lines are "sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …",
// addresses and st in hexadecimal, the port after the colon. Source: proc_pid_net(5).
func listeners(pid int) (map[string]int, error) {
	found := map[string]int{}
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if table == "tcp6" && errors.Is(err, fs.ErrNotExist) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) <= 9 || f[3] != "0A" {
				continue
			}
			_, port, _ := strings.Cut(f[1], ":")
			if n, err := strconv.ParseUint(port, 16, 16); err == nil {
				found["socket:["+f[9]+"]"] = int(n)
			}
		}
	}
	return found, nil
}

// groupIsZombie returns false: on Linux a group of zombies accepts signals.
func groupIsZombie(error) bool { return false }
