package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nodecompare/cmd/fileio"
	"nodecompare/cmd/lookup"
	"nodecompare/results"
	"nodecompare/results/report"
)

func reportCommand() *cobra.Command {
	var format, file string
	c := &cobra.Command{
		Use:   "report FILE",
		Short: "Show a saved record again, in any format",
		Long: `Read a record that 'nodecompare bench --save=FILE' wrote, and print it as bench did, or in another
format. Nothing is measured, and the words are those that bench saved: the same record gives the same
bytes. On a terminal the table is as wide as that; elsewhere it has 80 columns.

Formats:
` + listed(report.Formats, 15, formatLine),
		Example: `  nodecompare report record.json
  nodecompare report record.json --format=markdown >>"$GITHUB_STEP_SUMMARY"
  nodecompare report record.json --format=csv -o trials.csv
  nodecompare report record.json --format=benchfmt -o trials.txt && benchstat -col /mode trials.txt`,
		Args: oneRecord,
		RunE: func(c *cobra.Command, args []string) error {
			f, err := formatNamed(format, report.Formats)
			if err != nil {
				return err
			}
			return runReport(c.Context(), args[0], f, file, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	flags := c.Flags()
	flags.StringVar(&format, "format", "table", "how to print the results: "+lookup.Names(report.Formats))
	flags.StringVarP(&file, "output", "o", "", "write to this `file`, whole or not at all, instead of standard output")
	return c
}

func oneRecord(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 1:
		return nil
	case 0:
		return exitError{exitUsage, errors.New("the record to report is missing: name a file that 'nodecompare bench --save=FILE' wrote")}
	}
	return exitError{exitUsage, fmt.Errorf("one record is reported at a time, and there is %q as well", args[1])}
}

// runReport renders a saved record.
func runReport(ctx context.Context, path string, f report.Format[*results.Record], file string, out, notes io.Writer) error {
	if file != "" && fileio.Same(path, file) {
		return exitError{exitUsage, fmt.Errorf("--output %s: that is the record itself: name another file", file)}
	}
	record, err := loadRecord(ctx, path)
	if err != nil {
		return err
	}
	o, err := openOutput(file, out, notes)
	if err != nil {
		return err
	}
	err = o.write(ctx, all, func(w io.Writer, options report.Options) error { return f.Write(w, record, options) })
	if err != nil && file == "" {
		err = fmt.Errorf("print the report: %w", err)
	}
	return err
}
