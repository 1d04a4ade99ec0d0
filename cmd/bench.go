package cmd

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"nodecompare/cmd/bench"
	"nodecompare/cmd/hosts"
	"nodecompare/cmd/lookup"
	"nodecompare/cmd/selftest"
	"nodecompare/cmd/watch"
	"nodecompare/loadgen"
	"nodecompare/loadgen/cpuset"
	"nodecompare/results/report"
	"nodecompare/servers"
	"nodecompare/servers/workload"
)

func benchCommand() *cobra.Command {
	o := bench.Options{Seed: rand.Uint64N(1 << 53)}
	var b benchRun
	var format, pin, known, scene string
	var own, paths, pids []string // options of users' servers
	var quiet bool
	var certificates loadgen.Certificates
	var several agentOptions
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure concurrency models against each other and print a table of what came out",
		Long: `Start a server of each mode as a child process, drive each with the same load, round after round,
and print a table of three rows: Execution, Performance, Scalability. The words in it follow from the
measurements by the rules in docs/method.md. Results go to standard output, progress to standard error.

With --baseline the new figures are compared with a record that was saved before: exit code 3 says that
something got worse, 4 that it is undecided, 5 that the two cannot be compared.

--server adds a server of your own: a command, which finds its port in PORT, or the URL of one that runs
already. --path says where it has a workload's route; what it does not serve is left out. See
docs/servers.md, also for a file of flags (--config).

With --agents the servers run on one machine and the load on others: see docs/cluster.md.

Profiles:
` + helpTable(bench.Profiles, 10, func(p bench.Profile) (string, string) { return p.Name, p.Summary }) + `
Modes:
` + modeList() + `
Workloads:
` + workloadList() + helpTable(bench.Special(), 10, func(w workload.Workload) (string, string) {
			return w.Name, w.Summary
		}),
		Example: "  nodecompare bench\n  nodecompare bench --profile=quick --modes=async,goroutine " +
			"--workloads=db,cpu --save=record.json\n  nodecompare bench --baseline=record.json\n  " +
			"nodecompare bench --server mine='./my-server --port=$PORT' --path wait=/slow",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if b.format, err = formatNamed(format, report.Formats); err != nil {
				return err
			}
			if b.known, err = lookup.Named("selftest", known, selftest.Extents); err != nil {
				return exitError{exitUsage, err}
			}
			if err = errors.Join(atLeastOne(c.Flags(), "rounds", "at least 1 is needed, and 6 for intervals of 95%"),
				atLeastOne(c.Flags(), "rate", "it must be more than 0"),
				atLeastOne(c.Flags(), "db-connections", "at least 1 is needed"),
				measurableSLO(c.Flags().Changed("slo"), o.SLO)); err != nil {
				return err
			}
			if why := connectionsUnused(c.Flags(), o.Database); why != "" {
				return exitError{exitUsage, errors.New(why)}
			}
			if o.Pin, err = cpuset.ParsePin(pin); err != nil {
				return exitError{exitUsage, err}
			}
			if o.Servers, err = bench.ParseServers(own, paths, pids); err != nil {
				return exitError{exitUsage, err}
			}
			if certificates != (loadgen.Certificates{}) && !slices.ContainsFunc(o.Servers, bench.Server.Secure) {
				return exitError{exitUsage,
					errors.New("--insecure, --cacert, --cert and --key are for a --server at https, and there is none")}
			}
			if o.TLS, err = certificates.TLS(); err != nil {
				return err
			}
			if o.Null && !c.Flags().Changed("modes") {
				o.Modes = nil
				if len(o.Servers) == 0 {
					o.Modes = []string{"async"}
				}
			}
			if err = several.check(c.Flags().Changed, 2); err != nil {
				return exitError{exitUsage, err}
			}
			if o.Hosts = several.agents > 0; o.Hosts {
				if c.Flags().Changed("selftest") && b.known.Takes > 0 {
					return exitError{exitUsage,
						errors.New("--selftest is for servers and load of one machine: leave it out, or --agents")}
				}
				b.known = selftest.Extent{} // it is of one machine, and this one measures nothing
			}
			o.Scene = b.sceneWanted(scene)
			if b.plan, err = bench.NewPlan(o); err != nil {
				return exitError{exitUsage, err}
			}
			if err := b.checkDistinctFiles(); err != nil {
				return exitError{exitUsage, err}
			}
			if b.against != "" {
				if b.baseline, err = loadBaseline(c.Context(), b.against); err != nil {
					return err
				}
			}
			if b.open && b.web == "" && b.page == "" {
				return exitError{exitUsage, errors.New("--open opens the page of --web or --report: give one of them")}
			}
			b.progress = progress(quiet, c.ErrOrStderr())
			b.say = progressPrinter(quiet, "bench", c.ErrOrStderr())
			b.out, b.notes = c.OutOrStdout(), c.ErrOrStderr()
			if !o.Hosts {
				return b.run(c.Context())
			}
			return several.with(c.Context(), c.ErrOrStderr(), true, func(g *hosts.Group) error {
				b.plan.UseHosts(g)
				return b.run(c.Context())
			})
		},
	}
	flags := c.Flags()
	flags.StringSliceVar(&o.Modes, "modes", []string{"blocking", "async"},
		"concurrency models to compare, in the order of the columns")
	flags.StringArrayVar(&own, "server", nil,
		"a server of your own: `NAME=URL` or NAME='command'; any number, and --modes= for no others")
	flags.StringArrayVar(&paths, "path", nil,
		"where your servers have a workload: `WORKLOAD=/its/path`, or NAME:WORKLOAD=/its/path")
	flags.StringArrayVar(&pids, "pid", nil,
		"the process of a --server at a URL, as `NAME=PID`: it is sampled, with all below it")
	certificateFlags(flags, &certificates)
	several.define(flags, serversAndLoadHelp)
	flags.StringSliceVar(&o.Workloads, "workloads", []string{"hello", "wait"}, "workloads to compare them on")
	flags.StringVar(&o.Profile, "profile", "standard", "how much to measure: "+lookup.Names(bench.Profiles))
	flags.IntVar(&o.Rounds, "rounds", 0, "rounds, in place of the profile's; intervals need 6")
	flags.Float64Var(&o.Rate, "rate", 0,
		"common rate of the light load, in `requests` per second, in place of half of what the slowest mode can do")
	databaseFlags(c, &o.Database, &o.Connections, "")
	flags.BoolVar(&o.Null, "null", false, "measure one mode (async) against itself: what differs then is noise")
	flags.DurationVar(&o.SLO, "slo", bench.DefaultSLO, "p99 latency within which connections count as held")
	flags.StringVar(&o.Engine, "engine", bench.Auto,
		"what drives the load: auto, "+lookup.Names(loadgen.Engines)+
			"; auto is loop for closed loads, and vegeta for open ones it can offer on time")
	flags.IntVar(&o.LoadThreads, "load-threads", 0, threadsHelp+"of the load")
	flags.IntSliceVar(&o.Cores, "cores", nil,
		"after the rounds, measure the servers on so many CPUs each, as in `1,2,4`: what does each mode make of more?")
	flags.StringVar(&o.Loops, "loops", "",
		"in the steps of --cores, event loops of async, and processes of Node.js's cluster: "+
			"auto (one for each CPU), or how many")
	flags.StringVar(&pin, "pin", "auto",
		"CPUs of servers and load, as in `0-1:2-3`; auto shares them out, off leaves it to the system")
	flags.StringVar(&known, "selftest", "short", "known answers to begin with: "+
		lookup.Names(selftest.Extents)+"; full is what 'nodecompare selftest' does")
	flags.StringVar(&b.save, "save", "", "write the whole record to this JSON `file`")
	flags.StringVar(&b.page, "report", "", "write an HTML report with plots to this `file`")
	flags.StringVar(&b.web, "web", "",
		"serve the page of --report while the bench goes on, at this `address`; alone on a free port of 127.0.0.1")
	flags.Lookup("web").NoOptDefVal = "127.0.0.1:0"
	flags.BoolVar(&b.open, "open", false,
		"open the page in a browser: that of --web at once, that of --report at the end")
	flags.StringVar(&scene, "scene", bench.Auto, "a scene to record first, thread by thread: auto "+
		"(where --report, --web or --format=html makes a page), off, or "+lookup.Names(watch.Scenes))
	flags.StringVar(&b.against, "baseline", "", "compare with the record in this `file`")
	flags.StringVar(&format, "format", "table", "how to print the results: "+lookup.Names(report.Formats))
	flags.BoolVar(&b.details, "details", false, "print every figure, with its interval and what speaks against it")
	complete(c, "pin", func(string) []string { return []string{"auto", "off"} })
	completesList(c, "modes", servers.Modes)
	completesList(c, "workloads", workload.All, bench.Special())
	completes(c, "profile", bench.Profiles)
	completes(c, "engine", loadgen.Engines)
	completes(c, "selftest", selftest.Extents)
	complete(c, "scene", func(string) []string { return append(sceneNames(), bench.Auto, "off") })
	completes(c, "format", report.Formats)
	flags.BoolVar(&quiet, "quiet", false, "show no progress")
	configurable(c)
	return c
}

// measurableSLO refuses an SLO that no record can have: it counts microseconds.
func measurableSLO(given bool, slo time.Duration) error {
	switch {
	case given && slo <= 0:
		return exitError{exitUsage, fmt.Errorf("--slo=%v: it must be more than 0, e.g. 100ms", slo)}
	case given && slo < time.Microsecond:
		return exitError{exitUsage, fmt.Errorf("--slo=%v: it must be %v or more, e.g. 100ms", slo, time.Microsecond)}
	}
	return nil
}
