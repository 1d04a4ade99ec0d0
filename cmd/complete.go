package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// completes makes the shell complete a flag's value from a table.
func completes[T fmt.Stringer](c *cobra.Command, flag string, table []T) {
	var names []string
	for _, t := range table {
		names = append(names, t.String())
	}
	complete(c, flag, func(string) []string { return names })
}

// completesList makes the shell complete the last of several comma-separated values.
func completesList[T fmt.Stringer](c *cobra.Command, flag string, tables ...[]T) {
	complete(c, flag, func(typed string) []string {
		before := typed[:strings.LastIndex(typed, ",")+1]
		var names []string
		for _, table := range tables {
			for _, t := range table {
				names = append(names, before+t.String())
			}
		}
		return names
	})
}

func complete(c *cobra.Command, flag string, names func(typed string) []string) {
	err := c.RegisterFlagCompletionFunc(flag,
		func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return names(typed), cobra.ShellCompDirectiveNoFileComp
		})
	if err != nil {
		panic(err) // unreachable: the command has the flag
	}
}
