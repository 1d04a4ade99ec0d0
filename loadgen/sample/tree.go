package sample

import (
	"errors"
	"fmt"
	"maps"
	"time"
)

// tree is the source of a process and its descendants. It is not safe for concurrent use.
type tree struct {
	root  int
	below bool          // excludes the root's own figures
	pids  []int         // parents before their children, the root first
	used  time.Duration // CPU time so far, which keeps that of ended processes
}

func openTree(s Subject) (source, error) {
	t := &tree{root: s.PID, below: s.Scope == Below}
	return t, t.look()
}

// look finds the processes of the tree. It reads the parent of every process of the machine, at 13
// µs each. Call look outside of windows, where it would delay the load on the same CPUs.
func (t *tree) look() (err error) {
	t.pids, err = descendants(t.root)
	return err
}

// read sums the members' figures. It reads a parent before its children: in the reverse order a
// child that ends in between would count twice. Between two looks read finds only new processes
// that a main thread began, as in servers that fork.
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

// members returns the processes whose figures count now.
func (t *tree) members() ([]int, error) {
	if err := t.look(); err != nil {
		return nil, err
	}
	if t.below {
		return t.pids[1:], nil
	}
	return t.pids, nil
}

// each calls read for every member, and skips those that have ended.
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

// descendants returns a process and all its descendants, parents before their children. A root that
// adopts orphans (PR_SET_CHILD_SUBREAPER(2const)) keeps them.
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
