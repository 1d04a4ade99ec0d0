package child

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/prometheus/procfs"
)

// Listening returns the processes that hold a socket listening on a port; none if nobody does, or
// only processes whose descriptors this user may not see. It looks at every process, which takes
// some milliseconds.
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

// roots returns the processes that descend from none of the others.
func roots(pids []int) []int {
	return slices.DeleteFunc(slices.Clone(pids), func(pid int) bool { return Descends(pid, pids) })
}

// Descends reports whether a process descends from one of the others.
func Descends(pid int, others []int) bool {
	for up := parent(pid); up > 0; up = parent(up) {
		if slices.Contains(others, up) {
			return true
		}
	}
	return false
}

// parent returns a process's parent; 0 if it has none or has ended.
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
