package cmd

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"nodecompare/cmd/lookup"
	"nodecompare/results/foreign"
	"nodecompare/results/report"
	"nodecompare/results/report/summary"
)

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [TERM]",
		Short: "Say in plain English what a word of the reports means",
		Long: "Explain a word of the reports, such as knee, p99, closed loop, yardstick or SUSPECT, with its " +
			"figure in the\nlast bench where it has one. Without a word, list those that can be explained.",
		Example: "  nodecompare explain p99\n  nodecompare explain closed loop",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return report.Lines(c.OutOrStdout(), options(c.OutOrStdout()),
					"These can be explained: "+joinedNames(summary.Terms)+".")
			}
			return explain(c.Context(), strings.Join(args, " "), c.OutOrStdout())
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, t := range summary.Terms {
				names = append(names, t.Name)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// explain writes what a term means, and its figure in the last bench.
func explain(ctx context.Context, name string, out io.Writer) error {
	t, ok := summary.TermNamed(name)
	if !ok {
		var known []string
		for _, t := range summary.Terms {
			known = append(append(known, t.Name), t.Also...)
		}
		if near := lookup.Near(name, known); near != "" {
			return exitError{exitUsage, fmt.Errorf("%q is not explained here: did you mean %q?", name, near)}
		}
		return exitError{exitUsage,
			fmt.Errorf("%q is not explained here; these are: %s", name, joinedNames(summary.Terms))}
	}
	lines := []string{t.Text}
	if path, err := recordOrLast(nil); err == nil {
		switch record, err := loadRecord(ctx, path); {
		case ctx.Err() != nil:
			return err
		case err != nil: // no reason to explain nothing
			lines = append(lines, "The last bench could not be read: "+foreign.Line(err.Error()))
		default:
			if s := t.InRecord(record); s != "" {
				lines = append(lines, s)
			}
		}
	}
	return report.Lines(out, options(out), lines...)
}

// joinedNames lists names that may contain commas.
func joinedNames(terms []summary.Term) string {
	var names []string
	for _, t := range terms {
		names = append(names, t.Name)
	}
	return strings.Join(names, "; ")
}
