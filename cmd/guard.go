package cmd

import (
	"fmt"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"nodecompare/servers/child"
)

// guardCommand runs a user's own server, and Node.js (see child.Guard). It is hidden, because only
// this program starts it.
func guardCommand() *cobra.Command {
	return &cobra.Command{
		Use: child.GuardCommand, Hidden: true, DisableFlagParsing: true,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exitError{exitUsage,
					fmt.Errorf("%s takes a program and its arguments, and was given none", c.CommandPath())}
			}
			// The guard handles these signals itself. A second one must not end it as it ends other
			// commands.
			signal.Reset(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
			status, err := child.Guard(args[0], args[1:]...)
			if err != nil {
				return err
			}
			if status != exitOK {
				return statusError(status)
			}
			return nil
		},
	}
}

// statusError is the exit status of a command that was run for a user, to be passed on. The command
// has given the reason itself.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("exited with status %d", int(s)) }
