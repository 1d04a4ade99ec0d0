package sample

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/procfs"
)

// readMember reads one process of a tree, and the use of its ended children that it has waited for.
// A zombie still has its CPU time, until its parent has taken that over, and nothing else. The root
// must not be a zombie.
func readMember(pid int) (g reading, reaped time.Duration, err error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return reading{}, 0, about(pid, err)
	}
	s, err := p.Stat()
	if err != nil {
		return reading{}, 0, about(pid, err)
	}
	g = reading{pid: pid, started: s.Starttime}
	if s.State != "Z" && s.State != "X" {
		g.rss, g.threads, g.processes = uint64(s.ResidentMemory()), s.NumThreads, 1
	}
	g.cpu, err = cpuTime(pid)
	return g, time.Duration(s.CUTime+s.CSTime) * statTick, err
}

// childrenOf returns the processes that the process's main thread began (proc_pid_task(5),
// children); none if the kernel lacks CONFIG_PROC_CHILDREN or the process has ended.
func childrenOf(pid int) []int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", pid))
	if err != nil {
		return nil
	}
	var pids []int
	for field := range bytes.FieldsSeq(text) {
		if child, err := strconv.Atoi(string(field)); err == nil {
			pids = append(pids, child)
		}
	}
	return pids
}

// parentsOfAll returns the parent of every process.
func parentsOfAll() (map[int]int, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	parents := make(map[int]int, len(names))
	buf := make([]byte, 1<<10)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue // not a process
		}
		n, err := readAt(dir, name+"/stat", buf)
		if err != nil {
			continue // it has ended
		}
		if parent, ok := parentIn(buf[:n]); ok {
			parents[pid] = parent
		}
	}
	return parents, nil
}

// parentIn returns the 4th field of a stat file. The second field is a name in brackets, which may
// contain blanks and brackets.
func parentIn(stat []byte) (pid int, ok bool) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0, false
	}
	pid, err := strconv.Atoi(string(fields[1]))
	return pid, err == nil
}
