package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"nodecompare/cmd/lookup"
	"nodecompare/cmd/measure"
	"nodecompare/cmd/selftest"
	"nodecompare/results"
	"nodecompare/results/report"
	"nodecompare/results/unit"
	"nodecompare/servers/child"
)

func selftestCommand() *cobra.Command {
	var format string
	var quiet, short, details bool
	c := &cobra.Command{
		Use:   "selftest",
		Short: "Measure what is known, to see whether the tool and this machine can be trusted",
		Long: `Can this machine be measured on? This puts loads of both engines on a server whose answers are known:
fixed delays, queues, a server that stands still for a while, a count of requests. It prints the truth
beside what was measured, and how high a rate this machine can offer on time. It takes about a minute.

Exit code 5 says that measurements on this machine, now, cannot be trusted. The output says whether noise
is the cause, which another try may get rid of, or a defect of the tool.`,
		Example: "  nodecompare selftest\n  nodecompare selftest --short --format=json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := formatNamed(format, report.SelftestFormats)
			if err != nil {
				return err
			}
			return runSelftest(c.Context(), short, details, f, progressPrinter(quiet, "selftest", c.ErrOrStderr()),
				c.OutOrStdout())
		},
	}
	flags := c.Flags()
	flags.BoolVar(&short, "short", false, "only what a bench begins with: one delay and one stall, in about 4 s")
	flags.StringVar(&format, "format", "table", "how to print the results: "+lookup.Names(report.SelftestFormats))
	flags.BoolVar(&details, "details", false, "print every figure")
	completes(c, "format", report.SelftestFormats)
	flags.BoolVar(&quiet, "quiet", false, "show no progress")
	return c
}

// runSelftest measures and prints. After an interruption or a failure it prints the result so far.
func runSelftest(ctx context.Context, short, details bool, f report.Format[*results.Selftest], say func(string),
	out io.Writer) error {
	if err := errors.Join(measurable(), measure.Loopback()); err != nil {
		return err
	}
	plan, extent := selftest.FullPlan(), selftest.Full
	if short {
		plan, extent = selftest.ShortPlan(), selftest.Short
	}
	began := time.Now()
	s, runErr := selftest.Run(ctx, plan, func(step string) {
		took := time.Since(began)
		say(step + "; " + unit.Elapsed(took, extent.Takes-took))
	})
	o := options(out)
	if o.Details = details; !details {
		o.More = []string{"More: --details (every figure), docs/selftest.md"}
	}
	err := f.Write(out, s, o)
	if err != nil {
		err = fmt.Errorf("print the results: %w", err)
	}
	if runErr != nil || err != nil {
		return errors.Join(runErr, err)
	}
	if s.Verdict != results.SelftestOK {
		return exitError{exitInvalid, fmt.Errorf("self-test: %s: measurements here cannot be trusted now", s.Verdict)}
	}
	return nil
}

// selftestServerCommand is the server that a selftest starts, hidden because only a selftest needs
// it.
func selftestServerCommand() *cobra.Command {
	return &cobra.Command{
		Use:    selftest.ServerCommand,
		Short:  "The server of a selftest, which tells what it did",
		Hidden: true,
		Args:   noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return selftest.Serve(child.UntilParentEnds(c.Context()), c.OutOrStdout())
		},
	}
}
