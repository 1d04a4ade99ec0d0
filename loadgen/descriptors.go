package loadgen

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// spareDescriptors is what an engine itself and the sampling beside it may open.
const spareDescriptors = 16

// checkDescriptors refuses more connections than the process may have file descriptors: each would fail otherwise, and the
// server be blamed for it. (Go has raised the soft limit to the hard one when the process started.)
func checkDescriptors(a Attack) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("load on %s: the limit of open files: %w", a.Target.URL, err)
	}
	open, err := os.ReadDir("/dev/fd") // this process's own, on Linux and macOS
	if err != nil {
		return fmt.Errorf("load on %s: counting the open files: %w", a.Target.URL, err)
	}
	if most := int64(limit.Cur) - int64(len(open)) - spareDescriptors; limit.Cur < 1<<62 && int64(a.Connections) > most {
		return fmt.Errorf("load on %s: %d connections asked for, at most %d possible: this process may have %d files open (RLIMIT_NOFILE, see ulimit -n), and has %d: ask for fewer, or raise the limit",
			a.Target.URL, a.Connections, max(most, 0), limit.Cur, len(open))
	}
	return nil
}
