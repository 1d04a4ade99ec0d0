package cmd

import (
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// suspendable has Ctrl-Z stop this process at any moment, as a shell expects.
//
// SIGTSTP goes to all processes in the foreground, also to a child that was forked and has not
// started its program yet. By itself it would stop that child, and the thread that waits for it to
// start (vfork(2)) cannot be stopped: the shell would never hear that its job has stopped, and the
// terminal would hang. So such a child goes on, and this process then stops itself alone. A child
// that runs is not stopped for long either; whatever it does, it waits for this process.
func suspendable() {
	if signal.Ignored(syscall.SIGTSTP) { // a shell without job control
		return
	}
	stops := make(chan os.Signal, 1)
	signal.Notify(stops, syscall.SIGTSTP)
	go func() {
		for range stops {
			for _, pid := range ownChildren() {
				syscall.Kill(pid, syscall.SIGCONT) // an error means that it has ended
			}
			syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		}
	}()
}

// ownChildren returns the children of this process. On macOS, which has no /proc, there are none:
// Go's fork there waits in a way that can be stopped.
func ownChildren() (pids []int) {
	files, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		return nil
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // that thread has ended
		}
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}
