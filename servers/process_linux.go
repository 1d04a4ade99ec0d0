package servers

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/prometheus/procfs"
)

// ownsListener is nil when one of the descriptors of these processes is a socket that listens on the port. Without it, a server that
// was left over from an earlier run, or another one that shares the port by SO_REUSEPORT, could be measured in its place. which is
// how they know of the port. Processes that have ended meanwhile hold nothing.
func ownsListener(pids []int, port int, which string) error {
	listening, err := listeners(os.Getpid(), port)
	if err != nil {
		return fmt.Errorf("look for the socket on port %d: %w", port, err)
	}
	if len(listening) == 0 {
		return fmt.Errorf("nothing listens on port %d, which %s", port, which)
	}
	found := len(listening)
	for _, pid := range pids {
		targets, err := descriptors(pid)
		if err != nil {
			return fmt.Errorf("look for the socket on port %d: %w", port, err)
		}
		for _, t := range targets {
			delete(listening, t)
		}
	}
	if len(listening) == found {
		return fmt.Errorf("port %d, which %s, is listened on by another process", port, which)
	}
	if len(listening) > 0 {
		return fmt.Errorf("port %d, which %s, is shared with another process", port, which)
	}
	return nil
}

// descriptors are a process's, as their links read; none of one that has ended.
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

// listeners finds the TCP sockets in state LISTEN on the port, in the process's view of the network (which is this process's
// too, unless it was put into a namespace), as their descriptors read: socket:[inode].
//
// The lines are "sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …", addresses and st in
// hexadecimal, the port after the colon. Source: proc_pid_net(5).
func listeners(pid, port int) (map[string]bool, error) {
	found := map[string]bool{}
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if table == "tcp6" && errors.Is(err, fs.ErrNotExist) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, err
		}
		suffix := fmt.Sprintf(":%04X", port)
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 9 && f[3] == "0A" && strings.HasSuffix(f[1], suffix) {
				found["socket:["+f[9]+"]"] = true
			}
		}
	}
	return found, nil
}

func maxRSS(u *syscall.Rusage) int64 { return u.Maxrss << 10 } // getrusage(2): kilobytes

// groupIsZombie: on Linux a group of zombies accepts signals.
func groupIsZombie(error) bool { return false }
