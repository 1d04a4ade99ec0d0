package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"nodecompare/cmd/bench"
	"nodecompare/cmd/lookup"
	"nodecompare/cmd/selftest"
	"nodecompare/loadgen"
	"nodecompare/loadgen/cpuset"
	"nodecompare/results"
	"nodecompare/results/gate"
	"nodecompare/results/report"
	"nodecompare/servers/workload"
)

func benchCommand() *cobra.Command {
	o := bench.Options{Seed: rand.Uint64N(1 << 53)}
	var b benchRun
	var format, pin, baseline, known string
	var own, paths, pids []string // of users' servers
	var quiet bool
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure concurrency models against each other and print a table of what came out",
		Long: `Start a server of each mode as a child process, drive each with the same load, round after round,
and print for each workload a table of three rows: Execution, Performance, Scalability. The labels
follow from the measurements by the rules in docs/method.md. Results go to standard output,
progress to standard error.

With --baseline the new figures are held against those of a record that was saved before: exit code 3
says that something became slower, 4 that this cannot be told, 5 that the two cannot be compared.

A server of your own stands beside the modes with --server: a command, which finds its port in PORT,
or the URL of one that runs already. Routes that it has elsewhere are mapped with --path; what it does
not serve is left out. See docs/servers.md.

Profiles:
` + listed(bench.Profiles, 10, func(p bench.Profile) (string, string) { return p.Name, p.Summary }) + `
Modes:
` + modeList() + `
Workloads:
` + routeList() + listed(bench.Special(), routeWidth, func(w workload.Workload) (string, string) { return w.Name, w.Summary }),
		Example: "  nodecompare bench\n  nodecompare bench --profile=quick --modes=async,goroutine --workloads=db,cpu --save=record.json\n  nodecompare bench --baseline=record.json\n  nodecompare bench --server mine='./my-server --port=$PORT' --path wait=/slow",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if b.format, err = report.Named(format); err != nil {
				return usageError{fmt.Errorf("--format: %w", err)}
			}
			if b.known, err = lookup.Named("selftest", known, selftest.Extents, extentName); err != nil {
				return usageError{err}
			}
			if o.Pin, err = cpuset.ParsePin(pin); err != nil {
				return usageError{err}
			}
			if o.Servers, err = bench.ParseServers(own, paths, pids); err != nil {
				return usageError{err}
			}
			if o.Null && !c.Flags().Changed("modes") {
				o.Modes = nil
				if len(o.Servers) == 0 {
					o.Modes = []string{"async"}
				}
			}
			if b.plan, err = bench.NewPlan(o); err != nil {
				return usageError{err}
			}
			if baseline != "" {
				if b.baseline, err = loadRecord(baseline); err != nil {
					return err
				}
			}
			b.progress = progress(quiet, c.ErrOrStderr())
			b.say = said(quiet, "bench", c.ErrOrStderr())
			b.out, b.notes = c.OutOrStdout(), c.ErrOrStderr()
			return b.run(c.Context())
		},
	}
	flags := c.Flags()
	flags.StringSliceVar(&o.Modes, "modes", []string{"blocking", "async"}, "concurrency models to compare, in the order of the columns")
	flags.StringArrayVar(&own, "server", nil, "a server of your own: `NAME=URL` or NAME='command'; any number, and --modes= for no others")
	flags.StringArrayVar(&paths, "path", nil, "where your servers have a workload: `WORKLOAD=/its/path`, or NAME:WORKLOAD=/its/path")
	flags.StringArrayVar(&pids, "pid", nil, "the process of a --server at a URL, as `NAME=PID`: it is sampled, with all below it")
	flags.StringSliceVar(&o.Workloads, "workloads", []string{"hello", "wait"}, "workloads to compare them on")
	flags.StringVar(&o.Profile, "profile", "standard", "how much to measure: "+names(bench.Profiles, func(p bench.Profile) string { return p.Name }))
	flags.IntVar(&o.Rounds, "rounds", 0, "rounds, in place of the profile's; intervals need 6")
	flags.BoolVar(&o.Null, "null", false, "measure one mode (async) against itself: what differs then is noise")
	flags.DurationVar(&o.SLO, "slo", bench.DefaultSLO, "p99 latency within which connections count as held")
	flags.StringVar(&o.Engine, "engine", bench.Auto, "what drives the load: auto, "+names(loadgen.Engines, func(e loadgen.Engine) string { return e.Name })+"; auto is loop for closed loads, and vegeta for open ones it can offer on time")
	flags.StringVar(&pin, "pin", "auto", "CPUs of servers and load, as in `0-1:2-3`; auto shares them out, off leaves it to the system")
	flags.StringVar(&known, "selftest", "short", "known answers to begin with: "+lookup.Names(selftest.Extents, extentName)+"; full is what 'nodecompare selftest' does")
	flags.StringVar(&b.save, "save", "", "write the whole record to this JSON `file`")
	flags.StringVar(&b.page, "report", "", "write an HTML report with plots to this `file`")
	flags.StringVar(&baseline, "baseline", "", "compare with the record in this `file`")
	flags.StringVar(&format, "format", "table", "how to print the results: "+names(report.Formats, func(f report.Format) string { return f.Name }))
	flags.BoolVar(&quiet, "quiet", false, "show no progress")
	return c
}

func extentName(e selftest.Extent) string { return e.Name }

// benchRun is one call of bench: what to measure, and where what comes out goes.
type benchRun struct {
	plan       *bench.Plan
	format     report.Format
	known      selftest.Extent // of the selftest before it
	save, page string          // files; "" for none
	baseline   *results.Record // nil for none
	progress   bench.Progress
	say        func(string)
	out, notes io.Writer
}

// run measures, prints and saves. What was measured before an interruption or beside a failure is printed and saved too.
func (b benchRun) run(ctx context.Context) error {
	files, err := b.create() // before the measuring: a minute later would be too late to find out
	if err != nil {
		return err
	}
	if err := b.plan.Prepare(ctx, b.say); err != nil {
		return errors.Join(err, files.discard())
	}
	b.say(b.announcement())
	known, selfErr := b.known.Run(ctx)
	if selfErr != nil && ctx.Err() == nil {
		b.say(selfErr.Error()) // what it could not tell is no reason to measure nothing
	}
	record, runErr := bench.Run(ctx, b.plan, b.progress)
	if record == nil {
		return errors.Join(runErr, files.discard())
	}
	record.Selftest, record.Command = known, commandLine(os.Args)
	var compared *gate.Result
	if b.baseline != nil && runErr == nil {
		var g gate.Result
		g, runErr = b.compare(ctx, record)
		compared = &g
	}
	err = b.print(record, compared)
	err = errors.Join(err, files.write(record))
	if runErr != nil {
		return errors.Join(runErr, err)
	}
	if known != nil && known.Verdict == results.SelftestWrong {
		err = errors.Join(err, invalidError{errors.New("the selftest found a figure of this tool's own to be wrong: see 'nodecompare selftest'")})
	}
	err = errors.Join(err, b.plan.Failed(), bench.Failed(record))
	if err == nil && record.Void() {
		err = invalidError{errors.New("every measurement is VOID: nothing can be concluded; the notes below the tables say why")}
	}
	if compared != nil {
		err = errors.Join(err, gateError(*compared))
	}
	return err
}

// announcement says what will be done, and how long it takes.
func (b benchRun) announcement() string {
	text := fmt.Sprintf("%s; about %v in all", b.plan, (b.plan.Duration() + b.known.Takes).Round(time.Second))
	if b.known.Takes > 0 {
		text += ", with a few known answers first"
	}
	return text
}

// commandLine is how this process was called, as a shell takes it.
func commandLine(args []string) string {
	words := []string{results.Tool}
	for _, a := range args[1:] {
		if !plainWord.MatchString(a) {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

// plainWord is what no shell takes for more than itself.
var plainWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// compare holds the record against the baseline. What seems to have regressed is run a second time before it counts.
func (b benchRun) compare(ctx context.Context, record *results.Record) (gate.Result, error) {
	first := gate.Compare(b.baseline, record)
	suspects := first.Suspects()
	if len(suspects) == 0 {
		return first, nil
	}
	b.say(fmt.Sprintf("what may have regressed is measured again before it counts, modes on workloads: %d", len(suspects)))
	err := bench.Again(ctx, b.plan, record, suspects, b.progress)
	return gate.Confirm(first, b.baseline, record), err
}

// print writes the results, and the comparison after them: beside formats that other programs read it goes to the notes.
func (b benchRun) print(record *results.Record, compared *gate.Result) error {
	if err := b.format.Write(b.out, record, options(b.out)); err != nil {
		return fmt.Errorf("print the results: %w", err)
	}
	if compared == nil {
		return nil
	}
	out, format := b.notes, report.GateFormats[0]
	for _, f := range report.GateFormats {
		if f.Name == b.format.Name && f.Name != "json" {
			out, format = b.out, f
		}
	}
	if err := format.Write(out, *compared, options(out)); err != nil {
		return fmt.Errorf("print the comparison: %w", err)
	}
	return nil
}

// benchFiles are the files that a bench writes, opened before it measures.
type benchFiles struct {
	formats []report.Format
	files   []*results.File
}

func (b benchRun) create() (benchFiles, error) {
	var f benchFiles
	for _, wanted := range []struct{ path, format string }{{b.save, "json"}, {b.page, "html"}} {
		if wanted.path == "" {
			continue
		}
		format, err := report.Named(wanted.format)
		if err != nil {
			return f, errors.Join(err, f.discard())
		}
		file, err := results.Create(wanted.path)
		if err != nil {
			return f, errors.Join(err, f.discard())
		}
		f.formats, f.files = append(f.formats, format), append(f.files, file)
	}
	return f, nil
}

func (f benchFiles) write(record *results.Record) error {
	var err error
	for i, file := range f.files {
		err = errors.Join(err, file.Write(func(w io.Writer) error { return f.formats[i].Write(w, record, report.Options{}) }))
	}
	return err
}

func (f benchFiles) discard() error {
	var err error
	for _, file := range f.files {
		err = errors.Join(err, file.Discard())
	}
	return err
}

// options are what formats heed of the writer: its width, and whether it shows colour (https://no-color.org).
func options(w io.Writer) report.Options {
	width := columns(w)
	return report.Options{Width: width, Color: width > 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
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
