package sample

import (
	"errors"
	"fmt"
	"maps"
	"time"
)

// tree is the source of a process with those that descend from it. It is for one goroutine at a
// time.
type tree struct {
	root  int
	below bool          // the root's own figures are no part of it
	pids  []int         // parents before their children, the root first
	used  time.Duration // CPU time so far: what a process took with it does not come off again
}

func openTree(s Subject) (source, error) {
	t := &tree{root: s.PID, below: s.Scope == Below}
	return t, t.look()
}

// look finds the processes of the tree. It reads the parent of every process of the machine, 13 µs
// each: not within a window, where it would hold up the load that is sent from the same CPU.
func (t *tree) look() (err error) {
	t.pids, err = descendants(t.root)
	return err
}

// read adds up. A parent is read before its children: a child that ends in between, and is then
// counted with the parent, would be counted twice the other way round. Processes that were begun
// since the last look are found if a main thread began them, as in servers that fork; others count
// from the next look.
func (t *tree) read() (reading, error) {
	sum := reading{pid: t.root}
	known := make(map[int]bool, len(t.pids))
	for _, pid := range t.pids {
		known[pid] = true
	}
	var alive []int
	defer func() { t.pids = alive }()
	for i := 0; i < len(t.pids); i++ {
		pid := t.pids[i]
		g, reaped, err := readMember(pid)
		if errors.Is(err, ErrEnded) && pid != t.root {
			continue
		}
		if err != nil {
			return reading{}, err
		}
		if pid == t.root && g.processes == 0 {
			return reading{}, about(pid, ErrEnded)
		}
		alive = append(alive, pid)
		for _, child := range childrenOf(pid) {
			if !known[child] {
				known[child], t.pids = true, append(t.pids, child)
			}
		}
		sum.cpu += reaped
		if pid == t.root {
			sum.started = g.started
			if t.below {
				continue
			}
		}
		sum.cpu += g.cpu
		sum.rss, sum.threads, sum.processes = sum.rss+g.rss, sum.threads+g.threads, sum.processes+g.processes
	}
	t.used = max(t.used, sum.cpu)
	sum.cpu = t.used
	return sum, nil
}

// members are the processes whose figures count, as of now.
func (t *tree) members() ([]int, error) {
	if err := t.look(); err != nil {
		return nil, err
	}
	if t.below {
		return t.pids[1:], nil
	}
	return t.pids, nil
}

// each reads something of every member, and leaves out those that have ended.
func (t *tree) each(read func(pid int) error) error {
	pids, err := t.members()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if err := read(pid); err != nil && !errors.Is(err, ErrEnded) {
			return err
		}
	}
	return nil
}

func (t *tree) threads() (threads, error) {
	all := threads{}
	err := t.each(func(pid int) error {
		its, err := readThreads(pid)
		maps.Copy(all, its)
		return err
	})
	return all, err
}

func (t *tree) fds() (sum int, err error) {
	err = t.each(func(pid int) error {
		n, err := readFDs(pid)
		sum += n
		return err
	})
	return sum, err
}

func (t *tree) pss() (sum uint64, err error) {
	err = t.each(func(pid int) error {
		n, err := readPSS(pid)
		sum += n
		return err
	})
	return sum, err
}

// descendants are a process and all that descend from it, parents before their children. Orphans
// are their new parent's (PR_SET_CHILD_SUBREAPER(2const)), so that a root that has adopted them
// keeps them.
func descendants(root int) ([]int, error) {
	parents, err := parentsOfAll()
	if err != nil {
		return nil, fmt.Errorf("look for the processes below %d: %w", root, err)
	}
	if _, found := parents[root]; !found {
		return nil, about(root, ErrEnded)
	}
	children := map[int][]int{}
	for pid, parent := range parents {
		children[parent] = append(children[parent], pid)
	}
	pids := []int{root}
	for i := 0; i < len(pids); i++ {
		pids = append(pids, children[pids[i]]...)
	}
	return pids, nil
}
