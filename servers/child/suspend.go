package child

import (
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
)

// Ctrl-Z sends SIGTSTP to all processes in the foreground, also to a child that was forked and has
// not started its program yet. That child would stop, and the thread that waits for it to start
// (vfork(2)) cannot be stopped: the shell would never hear that its job has stopped, and the
// terminal would hang. So children are forked while the signal is ignored, which they inherit, and
// a Ctrl-Z in that moment has no effect. At all others this process stops itself.
var suspending struct {
	mu    sync.Mutex
	stops chan os.Signal // nil unless Suspendable was called
}

// Suspendable has Ctrl-Z stop this process, and no child of it that is about to start. A program
// calls it once, before it starts any.
func Suspendable() {
	if signal.Ignored(syscall.SIGTSTP) { // this is a child itself, or of a shell without job control
		return
	}
	s := &suspending
	s.stops = make(chan os.Signal, 1)
	signal.Notify(s.stops, syscall.SIGTSTP)
	go func() {
		for range s.stops {
			syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		}
	}()
}

// Fork starts a command, as its own Start does.
func Fork(c *exec.Cmd) error {
	s := &suspending
	if s.stops == nil {
		return c.Start()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	signal.Ignore(syscall.SIGTSTP)
	defer signal.Notify(s.stops, syscall.SIGTSTP)
	return c.Start()
}
