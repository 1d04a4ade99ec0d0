package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"

	"nodecompare/cmd/hosts"
	"nodecompare/cmd/lookup"
	"nodecompare/cmd/measure"
	"nodecompare/cmd/sweep"
	"nodecompare/loadgen/cpuset"
	"nodecompare/results"
	"nodecompare/results/report"
	"nodecompare/results/unit"
	"nodecompare/servers"
)

func mapCommand() *cobra.Command {
	o := sweep.Options{Seed: rand.Uint64N(1 << 53)}
	var pin, format, file string
	var quiet, details bool
	var several agentOptions
	c := &cobra.Command{
		Use:   "map",
		Short: "Find for which work the concurrency model matters, and for which it does not",
		Long: `For work like yours, does the model matter? This serves requests that wait and compute for given
times (/mix?wait_ms=…&cpu_us=…) with each mode, on given numbers of connections, and says which mode wins
where, by how much, and where there is no difference.

In each round every mode has a fresh server, and each cell is measured on all of them, one right after
the other. With the defaults it takes less than two minutes; it says how long before it begins. Results
go to standard output, progress to standard error. With --agents the servers run on one machine and the
load on others, a cell takes about three seconds, and a map a quarter of an hour: see docs/cluster.md.

Modes:
` + modeList() + `
Formats:
` + helpTable(report.MapFormats, 10, formatLine),
		Example: `  nodecompare map
  nodecompare map --format=html -o map.html
  nodecompare map --modes=blocking,async,node --waits=0,5ms --cpus=0,2ms --connections=64
  nodecompare map --format=csv --quiet
  nodecompare map --agents=3 --cpus=0 --connections=256`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := formatNamed(format, report.MapFormats)
			if err != nil {
				return err
			}
			if o.Pin, err = cpuset.ParsePin(pin); err != nil {
				return exitError{exitUsage, err}
			}
			if err = several.check(c.Flags().Changed, 2); err != nil {
				return exitError{exitUsage, err}
			}
			o.Hosts = several.agents > 0
			plan, err := sweep.NewPlan(o)
			if err != nil {
				return exitError{exitUsage, err}
			}
			run := func() error {
				return runMap(c.Context(), plan, f, file, details, progressPrinter(quiet, "map", c.ErrOrStderr()),
					c.OutOrStdout(), c.ErrOrStderr())
			}
			if !o.Hosts {
				if err := errors.Join(measurable(), measure.Loopback()); err != nil {
					return err
				}
				return run()
			}
			return several.with(c.Context(), c.ErrOrStderr(), true, func(g *hosts.Group) error {
				plan.UseHosts(g)
				return run()
			})
		},
	}
	flags := c.Flags()
	flags.StringSliceVar(&o.Modes, "modes", []string{"blocking", "async"},
		"concurrency models to compare, every two of them")
	flags.DurationSliceVar(&o.Waits, "waits",
		[]time.Duration{0, time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond},
		"how long a request waits: the rows")
	flags.DurationSliceVar(&o.CPUs, "cpus", []time.Duration{0, 100 * time.Microsecond, time.Millisecond},
		"CPU time that a request computes for: the columns")
	flags.IntSliceVar(&o.Connections, "connections", []int{16, 256},
		"connections that send, one request after the other: a grid for each")
	flags.IntVar(&o.Rounds, "rounds", 6, "rounds; intervals need 6")
	several.define(flags, serversAndLoadHelp)
	flags.IntVar(&o.LoadThreads, "load-threads", 0, threadsHelp+"of the load")
	flags.StringVar(&pin, "pin", "auto",
		"CPUs of servers and load, as in `0-1:2-3`; auto shares them out, off leaves it to the system")
	flags.StringVar(&format, "format", "table", "how to print the map: "+lookup.Names(report.MapFormats))
	complete(c, "pin", func(string) []string { return []string{"auto", "off"} })
	completesList(c, "modes", servers.Modes)
	completes(c, "format", report.MapFormats)
	flags.StringVarP(&file, "output", "o", "", "write to this `file`, whole or not at all, instead of standard output")
	flags.BoolVar(&details, "details", false, "print both figures of each cell, and how to read them")
	flags.BoolVar(&quiet, "quiet", false, "show no progress")
	configurable(c)
	return c
}

// runMap measures and writes. What was measured before an interruption or beside a failed server is
// written too.
func runMap(ctx context.Context, plan *sweep.Plan, f report.Format[*results.Map], file string, details bool,
	say func(string), out, notes io.Writer) error {
	o, err := openOutput(file, out, notes)
	if err != nil {
		return err
	}
	if err := plan.Prepare(ctx, say); err != nil {
		return errors.Join(err, o.discard())
	}
	say(fmt.Sprintf("%s; about %s", plan, unit.Spoken(plan.Duration())))
	m, runErr := sweep.Run(ctx, plan, say)
	if m == nil {
		return errors.Join(runErr, o.discard())
	}
	results.Clean(m) // servers' output
	if err = o.write(ctx, worthOf(len(m.Runs), m.Void() || m.Partial),
		func(w io.Writer, options report.Options) error {
			if options.Details = details; !details {
				options.More = []string{"More: --details (both figures of each cell), " +
					"--format=html -o map.html (a heat map)"}
			}
			return f.Write(w, m, options)
		}); err != nil {
		err = fmt.Errorf("write the map: %w", err)
	}
	if runErr != nil {
		return errors.Join(runErr, err)
	}
	err = errors.Join(err, sweep.Failed(m))
	if err == nil && m.Void() {
		err = exitError{exitInvalid, errors.New("every run of the map is VOID or failed: nothing can be concluded")}
	}
	return err
}
