// Package servers holds the concurrency models. They share the parser (http1), the conversation
// (session.go) and the work (workload). A model is only the way in which one request waits while
// others are served.
package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"time"

	"nodecompare/servers/trace"
	"nodecompare/servers/workload"
)

// Config configures a server.
type Config struct {
	// Addr is the host:port to listen on. Port 0 is any free one; no host is every interface.
	Addr     string
	PoolSize int    // threads of the pool model
	Loops    int    // event loops of the async model, each with its listener
	Workers  int    // workers of each event loop
	Upstream string // the URL that Service requests, "" for none; resolved once
	// Database is what the routes ask, for Mode.Serve: as workload.Options has it, or
	// PrivateDatabase.
	Database    string
	Connections int  // to PostgreSQL, for Mode.Serve
	embedded    bool // this process serves the upstream too
	// ownProcs says that Go's scheduler has a processor for each loop, and more for everything
	// else.
	ownProcs bool
	// Service answers the requests. Its owner closes it after Serve and Shutdown have returned.
	Service *workload.Service
	// Trace records what becomes of requests; nil for none.
	Trace *trace.Recorder
	// TraceFile is where Mode.Serve writes such a trace when the server has stopped; "" for none.
	TraceFile string
}

// timeouts bound a connection.
type timeouts struct {
	idle    time.Duration // without any traffic
	request time.Duration // from a request's first byte to its last
}

var standardTimeouts = timeouts{idle: 60 * time.Second, request: 30 * time.Second}

// upstreamTimeout is above the longest wait of any route, so that it ends only what is stuck.
const upstreamTimeout = 65 * time.Second

// queryTimeout is how long the database may take for a request once it has a connection. It ends
// only what is stuck.
const queryTimeout = upstreamTimeout

// ErrStopped is returned by Serve after Shutdown.
var ErrStopped = errors.New("server stopped")

// Server is a listening model.
type Server struct {
	Mode Mode
	Addr net.Addr
	model
}

// model is what a mode's constructor returns.
type model interface {
	// Serve answers requests until Shutdown, and then returns ErrStopped. Requests in flight may
	// take until Shutdown returns.
	Serve() error
	// Shutdown stops accepting, lets requests in flight end until ctx ends, and then cuts off the
	// rest, whose number the error says. Shutdown waits for Serve, which must have been called. A
	// second call does the same.
	Shutdown(ctx context.Context) error
	// Threads describes the threads that serve, in a few words.
	Threads() string
}

// Listen makes a server of one of this program's own modes and binds its address. A port on which
// another process listens is an error, even if both would use SO_REUSEPORT.
func Listen(m Mode, c Config) (*Server, error) {
	if m.foreign() {
		return nil, fmt.Errorf("mode %s: its server is a process of Node.js", m.Name)
	}
	upstream, err := resolve(c.Upstream)
	if err != nil {
		return nil, err
	}
	n := 1
	if m.listeners != nil {
		n = m.listeners(c)
	}
	if n < 1 {
		return nil, fmt.Errorf("the %s server with %d loops: at least 1 is needed", m.Name, n)
	}
	lns, err := listen(c.Addr, n)
	if err != nil {
		return nil, err
	}
	addr := lns[0].Addr()
	made, err := m.serve(c, lns, upstream)
	if err != nil {
		for _, ln := range lns {
			ln.Close() // listeners already taken over return only an error
		}
		return nil, fmt.Errorf("starting the %s server on %s: %w", m.Name, addr, err)
	}
	return &Server{Mode: m, Addr: addr, model: made}, nil
}

// resolve finds the upstream's address once, so that no model pays for a look-up and all use the
// same address.
func resolve(upstream string) (netip.AddrPort, error) {
	if upstream == "" {
		return netip.AddrPort{}, nil
	}
	u, err := url.Parse(upstream)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("upstream %q: %w", upstream, err)
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	a, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("upstream %q: finding its address: %w", upstream, err)
	}
	return netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), a.AddrPort().Port()), nil
}

// cutOff returns Shutdown's error if its ctx ended first.
func cutOff(connections int64, ctx context.Context) error {
	return fmt.Errorf("%d connections were still in use and were cut off: %w", connections, ctx.Err())
}
