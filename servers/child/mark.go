package child

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// markVariable names the environment variable that marks a server's processes with the process that
// started the server and the number of the server. Sweep finds by it what a killed guard left
// behind, as far as the system shows the environments of processes: Linux does, to the same user.
const markVariable = "NODECOMPARE_RUN"

var started atomic.Uint64 // number of servers started by this process

// newMark returns the mark of the next server.
func newMark() string { return fmt.Sprintf("%s/%d", owner(), started.Add(1)) }

// Sweep ends the processes that servers of an earlier run left behind when the run and its guards
// were killed, and reports them to say. Their environment has the mark of a run whose process is
// gone.
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
