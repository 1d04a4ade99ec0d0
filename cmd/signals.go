package cmd

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"nodecompare/cmd/fileio"
)

// interruptible is a context that the first SIGINT, SIGTERM or SIGHUP cancels; a second one ends the process at once. Children see
// that by a pipe, and end too. Neither that nor SIGQUIT leaves an unfinished file.
//
// SIGPIPE is taken and has no effect: to write to a reader that has left is an error like any other, and no reason to lose what was
// measured. It is not ignored, as then our children would ignore it too.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ends, quits, pipes := make(chan os.Signal, 2), make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGINT, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // by nohup
		signal.Notify(ends, syscall.SIGHUP)
	}
	signal.Notify(quits, syscall.SIGQUIT)
	signal.Notify(pipes, syscall.SIGPIPE)
	over := make(chan struct{})
	go func() {
		for {
			select {
			case <-over:
				return
			case <-quits:
				abandon()
				quit()
			case <-ends:
				if ctx.Err() != nil {
					abandon()
					os.Exit(exitInterrupted)
				}
				cancel()
			}
		}
	}()
	return ctx, func() {
		signal.Stop(ends)
		signal.Stop(quits)
		close(over)
		cancel()
	}
}

func abandon() {
	if err := fileio.Abandon(); err != nil {
		fmt.Fprintf(os.Stderr, "nodecompare: %v\n", err)
	}
}

// quit ends the process as SIGQUIT does without a handler: by a list of all goroutines.
func quit() {
	signal.Reset(syscall.SIGQUIT)
	if err := syscall.Kill(os.Getpid(), syscall.SIGQUIT); err != nil {
		fmt.Fprintf(os.Stderr, "nodecompare: %v\n", err)
		os.Exit(exitFailure)
	}
}
