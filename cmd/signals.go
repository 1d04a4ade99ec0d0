package cmd

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"nodecompare/cmd/fileio"
)

// patience is how long saving the results may take after a second signal.
const patience = time.Second

// interruptible returns a context that the first SIGINT, SIGTERM, SIGHUP or SIGQUIT cancels, after
// which the results so far are saved and printed. A second signal ends the process as soon as that
// is done, and after patience at the latest; a third one at once. Children notice the end by a
// pipe, and end too. No unfinished file is left. A SIGQUIT that is not the first signal ends the
// process with a list of all goroutines.
//
// SIGPIPE is caught without effect: writing to a reader that has left is an ordinary error, and no
// reason to lose results. It is not ignored, because children would inherit that.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ends, quits, pipes := make(chan os.Signal, 3), make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGINT, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // ignored by nohup
		signal.Notify(ends, syscall.SIGHUP)
	}
	signal.Notify(quits, syscall.SIGQUIT)
	signal.Notify(pipes, syscall.SIGPIPE)
	over := make(chan struct{})
	go func() {
		select {
		case <-over:
			return
		case <-quits:
		case <-ends:
		}
		cancel()
		var limit <-chan time.Time // none until a second signal
		for {
			select {
			case <-over:
				return
			case <-quits:
				abandon()
				quit()
			case <-ends:
				if limit == nil {
					limit = time.After(patience)
					continue
				}
			case <-limit:
			}
			abandon()
			os.Exit(exitInterrupted)
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

// quit ends the process as SIGQUIT does without a handler: with a list of all goroutines.
func quit() {
	signal.Reset(syscall.SIGQUIT)
	if err := syscall.Kill(os.Getpid(), syscall.SIGQUIT); err != nil {
		fmt.Fprintf(os.Stderr, "nodecompare: %v\n", err)
		os.Exit(exitFailure)
	}
}
