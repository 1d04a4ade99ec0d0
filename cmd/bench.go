package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"nodecompare/cmd/bench"
	"nodecompare/cmd/selftest"
	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/results/report"
)

func benchCommand() *cobra.Command {
	o := bench.Options{Seed: rand.Uint64N(1 << 53)}
	var save, format, pin string
	var quiet bool
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure concurrency models against each other and print a table of what came out",
		Long: `Start a server of each mode as a child process, drive each with the same load, round after round,
and print for each workload a table of three rows: Execution, Performance, Scalability. The labels
follow from the measurements by the rules in docs/method.md. Results go to standard output,
progress to standard error.

Profiles:
` + profileList() + `
Modes:
` + modeList() + `
Workloads:
` + routeList(),
		Example: "  nodecompare bench\n  nodecompare bench --profile=quick --modes=async,goroutine --workloads=db,cpu --save=record.json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := report.Named(format)
			if err != nil {
				return usageError{fmt.Errorf("--format: %w", err)}
			}
			if o.Pin, err = loadgen.ParsePin(pin); err != nil {
				return usageError{err}
			}
			plan, err := bench.NewPlan(o)
			if err != nil {
				return usageError{err}
			}
			return runBench(c.Context(), plan, f, save, progress(quiet, c.ErrOrStderr()), progressLines(quiet, c.ErrOrStderr()), c.OutOrStdout())
		},
	}
	flags := c.Flags()
	flags.StringSliceVar(&o.Modes, "modes", []string{"blocking", "async"}, "concurrency models to compare, in the order of the columns")
	flags.StringSliceVar(&o.Workloads, "workloads", []string{"hello", "wait"}, "workloads to compare them on")
	flags.StringVar(&o.Profile, "profile", "standard", "how much to measure: "+names(bench.Profiles, func(p bench.Profile) string { return p.Name }))
	flags.StringVar(&o.Engine, "engine", loadgen.Engines[0].Name, "what drives the load: "+names(loadgen.Engines, func(e loadgen.Engine) string { return e.Name }))
	flags.StringVar(&pin, "pin", "auto", "CPUs of servers and load, as in `0-1:2-3`; auto shares them out, off leaves it to the system")
	flags.StringVar(&save, "save", "", "write the whole record to this JSON `file`")
	flags.StringVar(&format, "format", "table", "how to print the results: "+names(report.Formats, func(f report.Format) string { return f.Name }))
	flags.BoolVar(&quiet, "quiet", false, "show no progress")
	return c
}

// runBench measures, prints and saves. What was measured before an interruption or beside a failure is printed and saved too.
func runBench(ctx context.Context, plan *bench.Plan, f report.Format, save string, p bench.Progress, say func(string), out io.Writer) error {
	var file *results.File
	if save != "" {
		var err error
		if file, err = results.Create(save); err != nil { // before the measuring: a minute later would be too late to find out
			return err
		}
	}
	say("a few known answers first, about 5 s")
	known, selfErr := selftest.Short(ctx)
	if selfErr != nil && ctx.Err() == nil {
		say(selfErr.Error()) // what it could not tell is no reason to measure nothing
	}
	record, runErr := bench.Run(ctx, plan, p)
	if record == nil {
		if file != nil {
			runErr = errors.Join(runErr, file.Discard())
		}
		return runErr
	}
	record.Selftest = known
	err := f.Write(out, record, report.Options{Width: columns(out)})
	if err != nil {
		err = fmt.Errorf("print the results: %w", err)
	}
	if file != nil {
		err = errors.Join(err, file.Save(record))
	}
	if runErr != nil {
		return errors.Join(runErr, err)
	}
	if known != nil && known.Verdict == results.SelftestWrong {
		err = errors.Join(err, invalidError{errors.New("the selftest found a figure of this tool's own to be wrong: see 'nodecompare selftest'")})
	}
	return errors.Join(err, bench.Failed(record))
}

// progress is a bar on a terminal, and lines elsewhere: a bar would leave hundreds of frames in a log.
func progress(quiet bool, w io.Writer) bench.Progress {
	switch width := columns(w); {
	case quiet:
		return bench.Silent{}
	case width > 0:
		return &bench.Bar{W: w, Columns: width}
	default:
		return &bench.Lines{W: w}
	}
}

// columns is the width of the terminal behind w; 0 when there is none.
func columns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

func profileList() string {
	var b strings.Builder
	for _, p := range bench.Profiles {
		fmt.Fprintf(&b, "  %-10s %s\n", p.Name, p.Summary)
	}
	return b.String()
}

func names[T any](table []T, name func(T) string) string {
	all := make([]string, len(table))
	for i, t := range table {
		all[i] = name(t)
	}
	return strings.Join(all, ", ")
}
