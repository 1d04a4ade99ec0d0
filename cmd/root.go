// Package cmd is the command line: one file a command, with flags in, one call, and output out. Exit codes and hints live here only.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"nodecompare/cmd/measure"
)

// The exit codes, as README.md lists them. A command that was ended by Ctrl-C answers as a shell does: 128 + SIGINT.
const (
	exitOK           = 0
	exitFailure      = 1
	exitUsage        = 2
	exitRegressed    = 3
	exitInconclusive = 4
	exitInvalid      = 5
	exitInterrupted  = 130
)

// usageError is a mistake in how the command was called.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// invalidError is a measurement that nothing may be concluded from.
type invalidError struct{ error }

func (e invalidError) Unwrap() error { return e.error }

// regressedError is a comparison that found something to be worse.
type regressedError struct{ error }

func (e regressedError) Unwrap() error { return e.error }

// inconclusiveError is a comparison that cannot tell.
type inconclusiveError struct{ error }

func (e inconclusiveError) Unwrap() error { return e.error }

// Main runs the command line of this process and returns its exit code.
func Main() int {
	ctx, stop := interruptible()
	defer stop()
	root := rootCommand()
	c, err := root.ExecuteContextC(ctx)
	var usage usageError
	var invalid invalidError
	var regressed regressedError
	var inconclusive inconclusiveError
	var status statusError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &usage):
		fmt.Fprintf(os.Stderr, "nodecompare: %v\n(see '%s --help')\n", err, c.CommandPath())
		return exitUsage
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "nodecompare: interrupted")
		return exitInterrupted
	case errors.As(err, &invalid):
		fmt.Fprintf(os.Stderr, "nodecompare: %v\n", err)
		return exitInvalid
	case errors.As(err, &regressed):
		fmt.Fprintf(os.Stderr, "nodecompare: %v\n", err)
		return exitRegressed
	case errors.As(err, &inconclusive):
		fmt.Fprintf(os.Stderr, "nodecompare: %v\n", err)
		return exitInconclusive
	default:
		fmt.Fprintf(os.Stderr, "nodecompare: %v\n", err)
		return exitFailure
	}
}

// interruptible is a context that the first SIGINT or SIGTERM cancels; a second one ends the process at once. Children see that by
// a pipe, and end too.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
			return
		}
		<-signals
		os.Exit(exitInterrupted)
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "nodecompare",
		Short: "Compare server concurrency models by measuring them",
		Long: `nodecompare measures what a server's concurrency model costs and what it buys: a thread for each
request with blocking calls, as traditional backends work, against an event loop with non-blocking
ones, as Node.js works. Start with 'nodecompare bench'.`,
		Version:       version(),
		Args:          noArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceErrors: true,

		SuggestionsMinimumDistance: 2, // letters that may differ
		SilenceUsage:               true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(serveCommand(), benchCommand(), mapCommand(), loadCommand(), selftestCommand(), selftestServerCommand(), reportCommand(), compareCommand(), yardstickCommand(), guardCommand())
	return root
}

// noArgs is cobra.NoArgs with the error of a usage, and with suggestions for a command that does not exist.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !c.HasSubCommands() {
		return usageError{fmt.Errorf("%s takes no arguments, and was given %q", c.CommandPath(), args[0])}
	}
	err := fmt.Errorf("unknown command %q", args[0])
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w: did you mean %q?", err, near[0])
	}
	return usageError{err}
}

// version is the module's, with what it was built by and for.
func version() string {
	return fmt.Sprintf("%s (%s %s/%s)", measure.ToolVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
