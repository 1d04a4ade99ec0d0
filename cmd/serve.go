package cmd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"nodecompare/cmd/lookup"
	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/servers/trace"
	"nodecompare/servers/workload"
)

// mostThreads stays below the 10,000 threads at which Go's runtime ends a program.
const mostThreads = 8000

func serveCommand() *cobra.Command {
	var mode string
	c := servers.Config{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the workloads with one concurrency model",
		Long: "Serve the workloads with one concurrency model until SIGINT or SIGTERM.\n\nModes:\n" + modeList() +
			"\nRoutes:\n" + routeList(),
		Example: "  nodecompare serve --mode=async\n  curl -i 'http://localhost:3000/wait?ms=50'",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, n := range []struct {
				flag  string
				value int
			}{{"pool-size", c.PoolSize}, {"loops", c.Loops}, {"workers", c.Workers},
				{"db-connections", c.Connections}} {
				if n.value < 1 {
					return exitError{exitUsage, fmt.Errorf("--%s=%d: at least 1 is needed", n.flag, n.value)}
				}
			}
			if c.PoolSize > mostThreads {
				return exitError{exitUsage,
					fmt.Errorf("--pool-size=%d: a pool has at most %d threads", c.PoolSize, mostThreads)}
			}
			if c.Loops > mostThreads || c.Workers > mostThreads || c.Loops*(c.Workers+1) > mostThreads {
				return exitError{exitUsage,
					fmt.Errorf(
						"--loops=%d --workers=%d: loops and their workers are threads, and there may be at most %d",
						c.Loops, c.Workers, mostThreads)}
			}
			_, port, err := net.SplitHostPort(c.Addr)
			if err != nil {
				return exitError{exitUsage, fmt.Errorf("--addr=%s: give a port, as in :3000, or an address with one, "+
					"as in 127.0.0.1:3000", c.Addr)}
			}
			if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
				return exitError{exitUsage,
					fmt.Errorf("--addr=%s: %q is no port: give a number from 0 to 65535", c.Addr, port)}
			}
			m, err := lookup.Named("mode", mode, servers.Modes)
			if err != nil {
				return exitError{exitUsage, err}
			}
			for _, f := range []string{"pool-size", "loops", "workers"} {
				if cmd.Flags().Changed(f) && !slices.Contains(uses[m.Name], f) {
					fmt.Fprintf(cmd.ErrOrStderr(),
						"nodecompare: --%s is of no use here: mode %s has none of these\n", f, m.Name)
				}
			}
			if why := connectionsUnused(cmd.Flags(), c.Database); why != "" {
				fmt.Fprintln(cmd.ErrOrStderr(), "nodecompare: "+why)
			}
			if err := servers.Room(fewestThreads()); err != nil {
				return err
			}
			err = m.Serve(child.UntilParentEnds(cmd.Context()), c, cmd.OutOrStdout(), cmd.ErrOrStderr())
			if errors.Is(err, syscall.EADDRINUSE) {
				err = taken(c.Addr)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&mode, "mode", "async", "concurrency model")
	completes(cmd, "mode", servers.Modes)
	f.StringVar(&c.Addr, "addr", ":3000", "address to listen on; port 0 is any free one")
	f.IntVar(&c.PoolSize, "pool-size", 200, "threads of the pool mode")
	f.IntVar(&c.Loops, "loops", 1, "event loops of the async mode; of node and express, processes of a cluster")
	f.IntVar(&c.Workers, "workers", 4, "workers of each event loop, for files, database and hashing")
	f.StringVar(&c.Upstream, "upstream", servers.EmbeddedUpstream,
		`service that /api and /feed ask: an http URL, "embedded" in this process, or "none"`)
	databaseFlags(cmd, &c.Database, &c.Connections, " (sqlite:FILE keeps the orders)")
	f.StringVar(&c.TraceFile, "trace", "",
		"write what becomes of each request with the field "+trace.Header+": NUMBER to this `file` at the end")
	complete(cmd, "upstream", func(string) []string { return []string{servers.EmbeddedUpstream, servers.NoUpstream} })
	return cmd
}

// uses are the flags that each mode uses besides --addr and --upstream.
var uses = map[string][]string{"pool": {"pool-size"}, "async": {"loops", "workers"},
	"node": {"loops", "workers"}, "express": {"loops", "workers"}}

// taken says who holds the port, if the system reports it, and what to do about it.
func taken(addr string) error {
	holder := ""
	if _, text, splitErr := net.SplitHostPort(addr); splitErr == nil {
		if port, portErr := strconv.Atoi(text); portErr == nil {
			if pids, ownerErr := child.Listening(port); ownerErr == nil && len(pids) > 0 {
				holder = fmt.Sprintf(", by process %d%s", pids[0], named(pids[0]))
			}
		}
	}
	return fmt.Errorf("--addr=%s: the address is already in use%s: end it, or listen elsewhere, as with --addr=:3001",
		addr, holder)
}

// named returns a process's name in brackets, if the system reports it.
func named(pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	return " (" + strings.TrimSpace(string(name)) + ")"
}

// modeList and routeList are in more than one command's help.
func modeList() string {
	return helpTable(servers.Modes, 10, func(m servers.Mode) (string, string) { return m.Name, m.Summary })
}

// routeWidth fits a method and most targets.
const routeWidth = 17

// workloadList names the workloads, with their routes.
func workloadList() string {
	return helpTable(workload.All, 10, func(w workload.Workload) (string, string) {
		return w.Name, fmt.Sprintf("%-*s %s", routeWidth, w.Method+" "+w.Target, w.Summary)
	})
}

func routeList() string {
	return helpTable(workload.All, routeWidth, func(w workload.Workload) (string, string) {
		return fmt.Sprintf("%-4s %s", w.Method, w.Target), w.Summary
	})
}
