// Package cmd is the command line: one file a command, which turns flags into one call and prints
// its result. Exit codes and hints are in this package alone.
package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"nodecompare/cmd/fileio"
	"nodecompare/cmd/measure"
	"nodecompare/results/foreign"
	"nodecompare/servers"
	"nodecompare/servers/child"
)

// Exit codes, as in README.md. A command ended by Ctrl-C, SIGTERM or SIGHUP returns 128 + SIGINT,
// as a shell does.
const (
	exitOK           = 0
	exitFailure      = 1
	exitUsage        = 2
	exitRegressed    = 3
	exitMissed       = 3 // a threshold of load
	exitInconclusive = 4
	exitInvalid      = 5
	exitInterrupted  = 130
)

// exitError is an error with its exit code.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string { return e.err.Error() }

func (e exitError) Unwrap() error { return e.err }

// Main runs the command line of this process and returns its exit code.
func Main() int {
	child.Suspendable()
	ctx, stop := interruptible()
	defer stop()
	root, notes := rootCommand(), fileio.NewStream(ctx, os.Stderr)
	root.SetOut(fileio.NewStream(ctx, os.Stdout))
	root.SetErr(notes)
	c, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	if status, ok := errors.AsType[statusError](err); ok {
		return int(status)
	}
	exit, ok := errors.AsType[exitError](err)
	if !ok {
		exit.code = exitFailure
	}
	// errors quote names and servers
	complain := func(err error) { fmt.Fprintf(notes, "nodecompare: %s\n", foreign.Lines(err.Error())) }
	switch {
	case exit.code == exitUsage:
		complain(err)
		fmt.Fprintf(notes, "(see '%s --help')\n", c.CommandPath())
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(notes, "nodecompare: interrupted")
		if lost := causeBeside(err, context.Canceled); lost != nil {
			complain(lost)
		}
		return exitInterrupted
	default:
		complain(err)
	}
	return exit.code
}

// causeBeside returns what was joined to a known error.
func causeBeside(err, known error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if errors.Is(err, known) {
			return nil
		}
		return err
	}
	var rest []error
	for _, e := range joined.Unwrap() {
		rest = append(rest, causeBeside(e, known))
	}
	return errors.Join(rest...)
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
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return exitError{exitUsage, flagError(err)} })
	root.AddCommand(serveCommand(), benchCommand(), mapCommand(), loadCommand(), selftestCommand(),
		selftestServerCommand(), reportCommand(), compareCommand(), watchCommand(), explainCommand(),
		agentCommand(), yardstickCommand(), databaseCommand(), guardCommand())
	return root
}

// measurable returns why nothing can be measured here: without /proc, or with too few threads.
func measurable() error {
	return cmp.Or(measure.Proc(), servers.Room(fewestThreads()))
}

// fewestThreads returns how many threads more a server or a load needs: Go's runtime has one for
// each CPU, and another for each call that waits in the kernel.
func fewestThreads() int { return 16 + runtime.NumCPU() }

// noArgs rejects arguments like cobra.NoArgs, but returns a usage error and suggests similar
// commands.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !c.HasSubCommands() {
		return exitError{exitUsage, fmt.Errorf("%s takes no arguments, and was given %q", c.CommandPath(), args[0])}
	}
	err := fmt.Errorf("unknown command %q", args[0])
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w: did you mean %q?", err, near[0])
	}
	return exitError{exitUsage, err}
}

// version returns the module's version, with what it was built by and for.
func version() string {
	return fmt.Sprintf("%s (%s %s/%s)", measure.ToolVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
