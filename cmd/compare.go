package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nodecompare/cmd/lookup"
	"nodecompare/results/gate"
	"nodecompare/results/report"
)

func compareCommand() *cobra.Command {
	var format string
	var details bool
	c := &cobra.Command{
		Use:   "compare OLD [NEW] | compare RECORD RECORD RECORD... | compare FOLDER",
		Short: "Say whether a new record is worse than an old one, or show many over time",
		Long: `Compare a new record with an old one that 'nodecompare bench --save=FILE' wrote, figure by figure, by
the rules in docs/method.md. Without NEW it is the last bench. There are four outcomes:

  pass          exit code 0: nothing got worse by more than is allowed
  regressed     exit code 3: something did, and not by chance
  inconclusive  exit code 4: undecided; the output says how many more rounds would settle it
  invalid       exit code 5: no conclusion is possible: VOID trials, another machine, other settings, a broken file

Before a regression fails anything, take a second look: 'nodecompare bench --baseline=OLD' measures
again what seems to have regressed.

Formats:
` + helpTable(report.GateFormats, 10, formatLine) + `
More than two records, a folder of them (*.json), or --format=html show each figure over time instead, the
oldest record first, and how the latest compares with the oldest. That fails no job: the exit code is 0.

Formats of that:
` + helpTable(report.HistoryFormats, 10, formatLine),
		Example: `  nodecompare compare old.json new.json
  nodecompare compare old.json new.json --format=markdown >>"$GITHUB_STEP_SUMMARY"
  nodecompare compare records/ --format=html >history.html`,
		Args: someRecords,
		RunE: func(c *cobra.Command, args []string) error {
			if _, err := lookup.Named("format", format, compareFormats()); err != nil {
				return exitError{exitUsage, fmt.Errorf("--format: %w", err)}
			}
			paths, overTime, err := recordsOf(args)
			if err != nil {
				return err
			}
			if overTime || format == page {
				if details {
					return exitError{exitUsage, errors.New("--details is of two records, as text: leave it out " +
						"over time and with --format=html")}
				}
				f, err := formatNamed(format, report.HistoryFormats)
				if err != nil {
					return err
				}
				return runHistory(c.Context(), paths, f, c.OutOrStdout())
			}
			f, err := formatNamed(format, report.GateFormats)
			if err != nil {
				return err
			}
			return runCompare(c.Context(), paths[0], paths[1], f, details, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&format, "format", report.GateFormats[0].Name,
		"how to print the outcome: "+lookup.Names(report.GateFormats)+"; over time: "+
			lookup.Names(report.HistoryFormats))
	c.Flags().BoolVar(&details, "details", false, "print every figure, with its interval")
	completes(c, "format", compareFormats())
	return c
}

func someRecords(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return exitError{exitUsage,
			errors.New("a record to compare with is needed: name a file that 'nodecompare bench --save=FILE' wrote")}
	}
	return nil
}

// runCompare prints the comparison of the new record with the old one, and returns its outcome as
// an error unless it passes.
func runCompare(ctx context.Context, oldPath, newPath string, f report.Format[gate.Result], details bool,
	out io.Writer) error {
	old, err := loadBaseline(ctx, oldPath)
	if err != nil {
		return err
	}
	newer, err := loadBaseline(ctx, newPath)
	if err != nil {
		return err
	}
	compared := gate.Confirm(gate.Compare(old, newer), old, newer)
	compared.ReplacesOld = compared.Replaces(old, newer)
	o := options(out)
	if o.Details = details; !details && len(compared.Changes) > 0 {
		o.More = []string{"More: --details (every figure), --format=markdown (for a pull request)"}
	}
	if err := f.Write(out, compared, o); err != nil {
		return fmt.Errorf("print the comparison: %w", err)
	}
	return gateError(compared)
}

// gateError returns the outcome as an error, which the output has explained; nil for a pass.
func gateError(g gate.Result) error {
	counts := map[string]int{}
	for _, c := range g.Changes {
		counts[c.Outcome]++
	}
	switch g.Outcome {
	case gate.Pass:
		return nil
	case gate.Regressed:
		return exitError{exitRegressed,
			fmt.Errorf("regressed: figures that got worse: %d; see the comparison", counts[gate.Regressed])}
	case gate.Inconclusive:
		return exitError{exitInconclusive,
			fmt.Errorf(
				"inconclusive: figures that may have got worse: %d; see the comparison for what would settle it",
				counts[gate.Inconclusive])}
	}
	return exitError{exitInvalid,
		errors.New("invalid: nothing can be concluded from the two records; see the comparison for why")}
}
