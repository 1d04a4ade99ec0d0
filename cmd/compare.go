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
		Use:   "compare OLD [NEW]",
		Short: "Say whether a new record is worse than an old one",
		Long: `Compare a new record with an old one that 'nodecompare bench --save=FILE' wrote, figure by figure, by
the rules in docs/method.md. Without NEW it is the last bench. There are four outcomes:

  pass          exit code 0: nothing got worse by more than is allowed
  regressed     exit code 3: something did, and not by chance
  inconclusive  exit code 4: undecided; the output says how many more rounds would settle it
  invalid       exit code 5: no conclusion is possible: VOID trials, another machine, other settings, a broken file

Before a regression fails anything, take a second look: 'nodecompare bench --baseline=OLD' measures
again what seems to have regressed.

Formats:
` + helpTable(report.GateFormats, 10, formatLine),
		Example: `  nodecompare compare old.json new.json
  nodecompare compare old.json new.json --format=markdown >>"$GITHUB_STEP_SUMMARY"`,
		Args: twoRecords,
		RunE: func(c *cobra.Command, args []string) error {
			f, err := formatNamed(format, report.GateFormats)
			if err != nil {
				return err
			}
			newer, err := recordOrLast(args[1:])
			if err != nil {
				return err
			}
			return runCompare(c.Context(), args[0], newer, f, details, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&format, "format", report.GateFormats[0].Name,
		"how to print the outcome: "+lookup.Names(report.GateFormats))
	c.Flags().BoolVar(&details, "details", false, "print every figure, with its interval")
	completes(c, "format", report.GateFormats)
	return c
}

func twoRecords(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 1, 2:
		return nil
	case 0:
		return exitError{exitUsage,
			errors.New("a record to compare with is needed: name a file that 'nodecompare bench --save=FILE' wrote")}
	}
	return exitError{exitUsage, fmt.Errorf("two records are compared, and there is %q as well", args[2])}
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
