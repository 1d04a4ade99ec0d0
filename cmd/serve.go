package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"nodecompare/cmd/modes"
	"nodecompare/servers"
	"nodecompare/servers/workload"
)

// drainTime is how long requests in flight may take to end after the first signal.
const drainTime = 10 * time.Second

// embedded and none are the values of --upstream that are not URLs.
const (
	upstreamEmbedded = "embedded"
	upstreamNone     = modes.NoUpstream
)

func serveCommand() *cobra.Command {
	var mode string
	c := servers.Config{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the workloads with one concurrency model",
		Long: "Serve the workloads with one concurrency model until SIGINT or SIGTERM.\n\nModes:\n" + modeList() +
			"\nRoutes:\n" + routeList(),
		Example: "  nodecompare serve --mode=async\n  curl -i http://localhost:3000/wait?ms=50",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, n := range []struct {
				flag  string
				value int
			}{{"pool-size", c.PoolSize}, {"loops", c.Loops}, {"workers", c.Workers}} {
				if n.value < 1 {
					return exitError{exitUsage, fmt.Errorf("--%s=%d: at least 1 is needed", n.flag, n.value)}
				}
			}
			if _, _, err := net.SplitHostPort(c.Addr); err != nil {
				return exitError{exitUsage, fmt.Errorf("--addr=%s: %w (like :3000 or 127.0.0.1:3000)", c.Addr, err)}
			}
			if _, err := modes.Named(mode); err != nil {
				return exitError{exitUsage, err}
			}
			if isNode(mode) {
				return serveNode(cmd.Context(), mode, c, cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			m, err := servers.Named(mode)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), m, c, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&mode, "mode", "async", "concurrency model")
	f.StringVar(&c.Addr, "addr", ":3000", "address to listen on; port 0 is any free one")
	f.IntVar(&c.PoolSize, "pool-size", 200, "threads of the pool mode")
	f.IntVar(&c.Loops, "loops", 1, "event loops of the async mode; of node and express, processes of a cluster")
	f.IntVar(&c.Workers, "workers", 4, "workers of each event loop, for files, database and hashing")
	f.StringVar(&c.Upstream, "upstream", upstreamEmbedded, `service that /api asks: an http URL, "embedded" in this process, or "none"`)
	return cmd
}

// serve runs a server until ctx ends; then requests in flight have drainTime.
func serve(ctx context.Context, m servers.Mode, c servers.Config, out io.Writer) (err error) {
	if m.Procs != nil {
		runtime.GOMAXPROCS(m.Procs(c))
	}
	var stop func() error
	if c.Upstream, stop, err = chosenUpstream(c.Upstream); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if c.Service, err = workload.Open(workload.Options{Upstream: c.Upstream}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Service.Close()) }()
	s, err := servers.Listen(m, c)
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	ctx = untilParentEnds(ctx)
	fmt.Fprintf(out, "Server running on port %d\n", s.Addr.(*net.TCPAddr).Port)
	fmt.Fprintf(out, "mode %s: %s (%s), pid %d\n", m.Name, m.Summary, s.Threads(), os.Getpid())
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := s.Shutdown(limit); err != nil {
		return fmt.Errorf("stopping the server: %w", err)
	}
	if err := <-served; err != servers.ErrStopped {
		return err
	}
	return nil
}

// chosenUpstream is the URL that --upstream asks for, "" for none, with what to call at the end.
func chosenUpstream(asked string) (url string, stop func() error, err error) {
	switch asked {
	case upstreamNone:
		return "", func() error { return nil }, nil
	case upstreamEmbedded:
		return startUpstream()
	}
	return asked, func() error { return nil }, nil
}

// startUpstream serves the route that the api workload asks from an event loop of this process, on a free port.
func startUpstream() (url string, stop func() error, err error) {
	m, err := servers.Named("async")
	if err != nil {
		return "", nil, err
	}
	w, err := workload.Open(workload.Options{})
	if err != nil {
		return "", nil, err
	}
	s, err := servers.Listen(m, servers.Config{Addr: "127.0.0.1:0", Loops: 1, Workers: 1, Service: w})
	if err != nil {
		return "", nil, errors.Join(err, w.Close())
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	return fmt.Sprintf("http://%s%s", s.Addr, workload.UpstreamPath), func() error {
		ctx, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		err := s.Shutdown(ctx)
		if e := <-served; e != servers.ErrStopped {
			err = errors.Join(err, e)
		}
		return errors.Join(err, w.Close())
	}, nil
}

// modeList and routeList are in more than one command's help.
func modeList() string {
	return listed(modes.All(), 10, func(m modes.Mode) (string, string) { return m.Name, m.Summary })
}

// routeWidth holds a method and most targets.
const routeWidth = 17

func routeList() string {
	return listed(workload.All, routeWidth, func(w workload.Workload) (string, string) {
		return fmt.Sprintf("%-4s %s", w.Method, w.Target), w.Summary
	})
}
