package servers

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// threadLimit is how many threads this process may give to connections with safety, when each needs
// so many descriptors: see threadsWithin. It refuses to begin where Go's own threads might not fit.
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

// noLimit stands for none, and is more threads than any machine serves with.
const noLimit = 1 << 20

// spareFiles are left to what a server has open besides: its standard streams, listeners, the
// database, files that are read.
const spareFiles = 64

// spareThreads are left to Go's runtime: one for each of threadProcs' processors, on which its
// garbage collector works, and some to hand them over.
const spareThreads = 256 + 64

// threadsWithin is how many of the tasks that the tightest limit allows may serve connections:
// three quarters, for the limit is shared with whatever else runs under it, and never Go's own.
// Each needs a number of descriptors too, of which one is its own from the first moment on: a
// thread that waits in accept(2) has reserved it already, though /proc does not show that.
func threadsWithin(tasks, files, each int) int {
	return max(1, min(tasks-max(tasks/4, spareThreads), (files-spareFiles)/each))
}
