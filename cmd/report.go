package cmd

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nodecompare/cmd/fileio"
	"nodecompare/cmd/lookup"
	"nodecompare/results"
	"nodecompare/results/report"
)

func reportCommand() *cobra.Command {
	var format string
	var o reporting
	c := &cobra.Command{
		Use:   "report [FILE]",
		Short: "Show a saved record again, in any format",
		Long: `Read a record and print it as bench did, or in another format: that of the last bench, or one that
'nodecompare bench --save=FILE' wrote; - is standard input. Nothing is measured, and the words are those that
bench saved: the same record gives the same bytes. On a terminal the table is as wide as that; elsewhere it
has 80 columns.

Formats:
` + helpTable(report.Formats, 15, formatLine),
		Example: `  nodecompare report --details
  nodecompare report --format=html --open
  nodecompare report record.json --format=markdown >>"$GITHUB_STEP_SUMMARY"
  nodecompare report record.json --format=csv -o trials.csv
  nodecompare report record.json --format=benchfmt -o trials.txt && benchstat -col /mode trials.txt`,
		Args: oneRecord,
		RunE: func(c *cobra.Command, args []string) (err error) {
			if o.open && !c.Flags().Changed("format") {
				format = "html"
			}
			if o.format, err = formatNamed(format, report.Formats); err != nil {
				return err
			}
			if o.open && o.format.Name != "html" {
				return exitError{exitUsage, fmt.Errorf("--open shows a page: --format=html, not %s", o.format)}
			}
			if o.path, err = recordOrLast(args); err != nil {
				return err
			}
			return o.run(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	flags := c.Flags()
	flags.StringVar(&format, "format", "table", "how to print the results: "+lookup.Names(report.Formats))
	completes(c, "format", report.Formats)
	flags.StringVarP(&o.file, "output", "o", "",
		"write to this `file`, whole or not at all, instead of standard output")
	flags.BoolVar(&o.details, "details", false, "print every figure, with its interval and what speaks against it")
	flags.BoolVar(&o.open, "open", false,
		"open the page in a browser; without -o it is last.html in the user's state folder")
	return c
}

func oneRecord(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return exitError{exitUsage, fmt.Errorf("one record is reported at a time, and there is %q as well", args[1])}
	}
	return nil
}

// reporting is one call of report.
type reporting struct {
	path, file    string // of the record and of the report; "" for standard output
	format        report.Format[*results.Record]
	details, open bool
}

// run renders a saved record.
func (o reporting) run(ctx context.Context, out, notes io.Writer) (err error) {
	if o.open && o.file == "" {
		if o.file, err = newStateFile(lastPage); err != nil {
			return fmt.Errorf("keep the page: %w", err)
		}
	}
	if o.file != "" && fileio.Same(o.path, o.file) {
		return exitError{exitUsage, fmt.Errorf("--output %s: that is the record itself: name another file", o.file)}
	}
	record, err := loadRecord(ctx, o.path)
	if err != nil {
		return err
	}
	to, err := openOutput(o.file, out, notes)
	if err != nil {
		return err
	}
	err = to.write(ctx, all, func(w io.Writer, options report.Options) error {
		options.Details = o.details
		return o.format.Write(w, record, options)
	})
	if err != nil && o.file == "" {
		err = fmt.Errorf("print the report: %w", err)
	}
	if err == nil && o.open {
		err = openPage(o.file)
	}
	return err
}
