package child

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/prometheus/procfs"
)

// Listening returns the processes of this machine that hold a socket which listens on a port. There
// are none where nobody does, or somebody whose descriptors this user may not see. It looks at
// every process: some milliseconds.
func Listening(port int) ([]int, error) {
	sockets, err := listeners(os.Getpid())
	if err != nil {
		return nil, fmt.Errorf("look for who listens on port %d: %w", port, err)
	}
	all, err := procfs.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("look for who listens on port %d: %w", port, err)
	}
	var found []int
	for _, p := range all {
		targets, err := descriptors(p.PID)
		if errors.Is(err, fs.ErrPermission) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for who listens on port %d: process %d: %w", port, p.PID, err)
		}
		if slices.ContainsFunc(targets, func(t string) bool { return sockets[t] == port }) {
			found = append(found, p.PID)
		}
	}
	return roots(found), nil
}

// roots are the processes that descend from no other one of them.
func roots(pids []int) []int {
	return slices.DeleteFunc(slices.Clone(pids), func(pid int) bool {
		for up := parent(pid); up > 0; up = parent(up) {
			if slices.Contains(pids, up) {
				return true
			}
		}
		return false
	})
}

// parent is 0 of a process that has none, or has ended.
func parent(pid int) int {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return 0
	}
	s, err := p.Stat()
	if err != nil {
		return 0
	}
	return s.PPID
}
