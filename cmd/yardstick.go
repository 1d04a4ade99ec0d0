package cmd

import (
	"github.com/spf13/cobra"

	"nodecompare/cmd/bench"
	"nodecompare/servers/yardstick"
)

// yardstickCommand is the server that a bench runs beside those it measures. Nobody else has a use for it.
func yardstickCommand() *cobra.Command {
	return &cobra.Command{
		Use:    bench.YardstickCommand,
		Short:  "The server that a bench measures the machine by",
		Hidden: true,
		Args:   noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return yardstick.Serve(untilParentEnds(c.Context()), c.OutOrStdout())
		},
	}
}
