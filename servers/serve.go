package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"time"

	"nodecompare/servers/trace"
	"nodecompare/servers/workload"
)

// DrainTime is how long requests in flight may take after a server was told to stop.
const DrainTime = 10 * time.Second

// Values of Config.Upstream that are not URLs, for [Mode.Serve].
const (
	EmbeddedUpstream = "embedded" // a server in this process
	NoUpstream       = "none"
)

// Serve runs the mode's server until ctx ends. Requests in flight then have DrainTime. out gets the
// line with the port and one about the threads. progress gets the output of Node.js's preparation
// and what goes wrong in the server. Serve opens and closes the service itself, so c must have
// none.
func (m Mode) Serve(ctx context.Context, c Config, out, progress io.Writer) (returned error) {
	if m.foreign() {
		return m.serveNode(ctx, c, out, progress)
	}
	if m.procs != nil {
		runtime.GOMAXPROCS(m.procs(c))
		c.ownProcs = true
	}
	c.embedded = c.Upstream == EmbeddedUpstream
	upstream, stop, err := openUpstream(c.Upstream)
	if err != nil {
		return err
	}
	defer func() { returned = errors.Join(returned, stop()) }()
	c.Upstream = upstream
	o := workload.Options{Upstream: c.Upstream, Database: c.Database, Connections: c.Connections, Notes: progress}
	if c.usesPostgres() {
		ledger, stop, err := openDatabase(ctx, c.Database, c.Connections)
		if err != nil {
			return err
		}
		defer func() { returned = errors.Join(returned, stop()) }()
		o.Database = ledger.Secret()
	}
	if c.Service, err = workload.Open(o); err != nil {
		return err
	}
	defer func() { returned = errors.Join(returned, c.Service.Close()) }()
	if c.TraceFile != "" {
		c.Trace = trace.NewRecorder()
		defer func() { returned = errors.Join(returned, c.Trace.Save(c.TraceFile)) }()
	}
	s, err := Listen(m, c)
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	fmt.Fprintf(out, "Server running on port %d\n", s.Addr.(*net.TCPAddr).Port)
	fmt.Fprintf(out, "mode %s: %s (%s), pid %d\n", m.Name, m.Summary, s.Threads(), os.Getpid())
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.Background(), DrainTime)
	defer cancel()
	if err := s.Shutdown(limit); err != nil {
		return fmt.Errorf("stopping the server: %w", err)
	}
	if err := <-served; err != ErrStopped {
		return err
	}
	return nil
}

// openUpstream returns the URL for Config.Upstream, "" for none, and a function to call at the end.
func openUpstream(asked string) (url string, stop func() error, err error) {
	switch asked {
	case NoUpstream:
		return "", func() error { return nil }, nil
	case EmbeddedUpstream:
		return startUpstream()
	}
	return asked, func() error { return nil }, nil
}

// startUpstream serves the api workload's upstream route from an event loop of this process, on a
// free port.
func startUpstream() (url string, stop func() error, err error) {
	w, err := workload.Open(workload.Options{})
	if err != nil {
		return "", nil, err
	}
	s, err := Listen(asyncMode, Config{Addr: "127.0.0.1:0", Loops: 1, Workers: 1, Service: w})
	if err != nil {
		return "", nil, errors.Join(err, w.Close())
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	return fmt.Sprintf("http://%s%s", s.Addr, workload.UpstreamPath), func() error {
		ctx, cancel := context.WithTimeout(context.Background(), DrainTime)
		defer cancel()
		err := s.Shutdown(ctx)
		if e := <-served; e != ErrStopped {
			err = errors.Join(err, e)
		}
		return errors.Join(err, w.Close())
	}, nil
}
