package cmd

import (
	"github.com/spf13/cobra"

	"nodecompare/cmd/bench"
	"nodecompare/servers/child"
	"nodecompare/servers/yardstick"
)

// yardstickCommand is the server that a bench runs beside the measured ones, hidden because only a
// bench needs it.
func yardstickCommand() *cobra.Command {
	return &cobra.Command{
		Use:    bench.YardstickCommand,
		Short:  "The server that a bench measures the machine by",
		Hidden: true,
		Args:   noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return yardstick.Serve(child.UntilParentEnds(c.Context()), c.OutOrStdout())
		},
	}
}
