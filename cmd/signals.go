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

// patience is how long what was measured may take to be saved, once a second signal asks for the
// end.
const patience = time.Second

// interruptible is a context that the first SIGINT, SIGTERM, SIGHUP or SIGQUIT cancels: what was
// measured is saved and printed. A second one ends the process as soon as that is done, and after
// patience in any case; a third one at once. Children see the end by a pipe, and end too. No
// unfinished file is left. A SIGQUIT that is not the first signal ends the process by a list of all
// goroutines.
//
// SIGPIPE is taken and has no effect: to write to a reader that has left is an error like any
// other, and no reason to lose what was measured. It is not ignored, as then our children would
// ignore it too.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ends, quits, pipes := make(chan os.Signal, 3), make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGINT, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // by nohup
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

// quit ends the process as SIGQUIT does without a handler: by a list of all goroutines.
func quit() {
	signal.Reset(syscall.SIGQUIT)
	if err := syscall.Kill(os.Getpid(), syscall.SIGQUIT); err != nil {
		fmt.Fprintf(os.Stderr, "nodecompare: %v\n", err)
		os.Exit(exitFailure)
	}
}
