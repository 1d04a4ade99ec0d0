package servers

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// threadLimit returns how many threads this process may safely have: three quarters of the kernel's
// limit for a task.
func threadLimit(int) (int, error) {
	n, err := unix.SysctlUint32("kern.num_taskthreads")
	if err != nil {
		return 0, fmt.Errorf("finding how many threads may be made: sysctl kern.num_taskthreads: %w", err)
	}
	return max(1, int(n)*3/4), nil
}
