// Package servers holds the concurrency models. They share the parser (http1), the conversation
// (session.go) and the work (workload); a model is only the way in which one request waits while
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

	"nodecompare/servers/workload"
)

// Config is what a server is made with.
type Config struct {
	Addr     string            // host:port to listen on; port 0 is any free one
	PoolSize int               // threads of the pool model
	Loops    int               // event loops of the async model, each with a listener of its own
	Workers  int               // workers of each event loop
	Upstream string            // the URL that Service asks, "" for none: resolved once, here
	Database string            // that the routes use, for Mode.Serve: see workload.Options
	embedded bool              // it is served by this process too
	ownProcs bool              // Go's scheduler has a processor for each loop, and more for all else
	Service  *workload.Service // answers the requests; closed by its owner, after Serve and Shutdown have returned
}

// timeouts are how long a connection may take.
type timeouts struct {
	idle    time.Duration // while nothing happens
	request time.Duration // from a request's first byte to its last
}

var standardTimeouts = timeouts{idle: 60 * time.Second, request: 30 * time.Second}

// upstreamTimeout is above the longest wait that a route can be asked for, so that it ends only
// what is stuck.
const upstreamTimeout = 65 * time.Second

// ErrStopped is what Serve returns after Shutdown.
var ErrStopped = errors.New("server stopped")

// Server is a model that listens.
type Server struct {
	Mode Mode
	Addr net.Addr
	model
}

// model is what a mode's constructor gives.
type model interface {
	// Serve answers requests until Shutdown, and returns ErrStopped then; requests in flight may
	// take until Shutdown returns.
	Serve() error
	// Shutdown stops accepting, lets requests in flight end until ctx does, and cuts the rest off,
	// which is an error that says how many connections that were. It waits for Serve, so there must
	// be one. A second call does as the first.
	Shutdown(ctx context.Context) error
	// Threads says in a few words which threads serve.
	Threads() string
}

// Listen makes a server of one of this program's own modes and binds its address. A port that
// another process listens on is an error, also when both would use SO_REUSEPORT.
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
			ln.Close() // taken over ones are closed already, which is all that this can answer
		}
		return nil, fmt.Errorf("starting the %s server on %s: %w", m.Name, addr, err)
	}
	return &Server{Mode: m, Addr: addr, model: made}, nil
}

// resolve finds an upstream's address once, so that no model pays for a look-up and all of them ask
// the same one.
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

// cutOff is a Shutdown's error when its ctx has ended first.
func cutOff(connections int64, ctx context.Context) error {
	return fmt.Errorf("%d connections were still in use and were cut off: %w", connections, ctx.Err())
}
