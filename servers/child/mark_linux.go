package child

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// endAgain bounds the searches for marked processes, which may start others until the last has
// ended.
const endAgain = 100

// owner returns this process's part of a mark: the pid namespace, the pid, and the start time,
// which tells it from a later process with the same pid. owner is empty if /proc does not say.
func owner() string {
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	self, err := procfs.Self()
	if err != nil {
		return ""
	}
	s, err := self.Stat()
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s-%d-%d", space, s.PID, s.Starttime)
}

// lives reports whether a mark's owner lives or is unknown, so that its processes must be left
// alone.
func lives(owner string) bool {
	space, err := os.Readlink("/proc/self/ns/pid")
	part := strings.Split(owner, "-")
	if err != nil || len(part) != 3 || part[0] != space {
		return true
	}
	pid, err := strconv.Atoi(part[1])
	if err != nil {
		return true
	}
	p, err := procfs.NewProc(pid)
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	if err != nil {
		return true
	}
	s, err := p.Stat()
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return false
	}
	return err != nil || strconv.FormatUint(s.Starttime, 10) == part[2]
}

// endMarked kills the processes whose mark is meant until none is left, and returns their number.
func endMarked(meant func(mark string) bool) (n int, err error) {
	seen := map[int]bool{}
	tick := time.NewTicker(killAgain)
	defer tick.Stop()
	for range endAgain {
		pids, err := marked(meant)
		if err != nil || len(pids) == 0 {
			return len(seen), err
		}
		for _, pid := range pids {
			seen[pid] = true
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return len(seen), fmt.Errorf("end pid %d, which a server left behind: %w", pid, err)
			}
		}
		<-tick.C
	}
	return len(seen), errors.New("what servers left behind starts again faster than it is ended")
}

// marked returns the processes whose mark is meant. The environments of ended processes and of
// other users' cannot be read.
func marked(meant func(mark string) bool) (pids []int, err error) {
	all, err := procfs.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	for _, p := range all {
		if p.PID == os.Getpid() {
			continue
		}
		env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.PID))
		if err != nil {
			continue
		}
		for v := range bytes.SplitSeq(env, []byte{0}) {
			if mark, ok := bytes.CutPrefix(v, []byte(markVariable+"=")); ok && meant(string(mark)) {
				pids = append(pids, p.PID)
			}
		}
	}
	return pids, nil
}
