package servers

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// threadLimit returns how many threads this process may safely give to connections, if each needs
// the given number of descriptors: see threadsWithin. It is an error where Go's own might not fit.
func threadLimit(each int) (int, error) {
	if err := Room(spareThreads + 1); err != nil {
		return 0, err
	}
	limits, err := taskLimits()
	if err != nil {
		return 0, err
	}
	tasks := noLimit
	for _, l := range limits {
		tasks = min(tasks, l.most)
	}
	files, err := resourceLimit(unix.RLIMIT_NOFILE)
	if err != nil {
		return 0, fmt.Errorf("finding how many descriptors may be opened: %w", err)
	}
	return threadsWithin(tasks, files, each), nil
}

// noLimit stands for no limit, and exceeds the threads of any machine.
const noLimit = 1 << 20

// spareFiles is left for a server's other files: standard streams, listeners, the database, files
// being read.
const spareFiles = 64

// spareThreads is left for Go's runtime: one for each of threadProcs' processors, for its garbage
// collector, and some to hand processors over.
const spareThreads = 256 + 64

// threadsWithin returns how many of the tasks that the tightest limit permits may serve
// connections: three quarters, because others share the limit, and without those of Go's runtime.
// Each needs descriptors too. One of them is taken from the start, although /proc does not show it:
// a thread that waits in accept(2) has reserved its descriptor.
func threadsWithin(tasks, files, each int) int {
	return max(1, min(tasks-max(tasks/4, spareThreads), (files-spareFiles)/each))
}
