package child

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// markVariable names the environment variable that says whose server a process belongs to: the
// process that started it, and which of its servers it is. What a guard that was killed leaves
// behind is found by it, as far as the system shows one process's environment to another: Linux
// does, to the same user.
const markVariable = "NODECOMPARE_RUN"

var started atomic.Uint64 // servers of this process

// newMark is that of a further server.
func newMark() string { return fmt.Sprintf("%s/%d", owner(), started.Add(1)) }

// Sweep ends what servers of an earlier run, which was killed together with their guards, have left
// running, and says so. Such processes have that run's mark in their environment, and its process
// is gone.
func Sweep(say func(string)) error {
	n, err := endMarked(func(mark string) bool {
		of, _, ok := strings.Cut(mark, "/")
		return ok && !lives(of)
	})
	if n > 0 {
		say(fmt.Sprintf("ended what servers of an earlier run had left behind when that was killed, processes: %d", n))
	}
	return err
}
