package servers

import (
	"net"
	"net/netip"
	"runtime"
	"time"

	"nodecompare/servers/node"
)

// Mode is a concurrency model that this program or Node.js can serve.
type Mode struct {
	Name    string
	Summary string // one line, for people
	// Runtime is the version of Node.js after [Prepare]; "" if this program is the server.
	Runtime string
	// Compiles is how long the server usually compiles itself under load, as a JIT does; 0 if it is
	// compiled before.
	Compiles time.Duration
	// Postgres says that its server is to ask PostgreSQL, for which [Prepare] may fetch a package.
	Postgres bool
	// Chat says that its server is to serve chat, for which [Prepare] may fetch a package too.
	Chat bool

	// listeners returns how many sockets share the port; nil for one.
	listeners func(Config) int
	// procs returns the number of processors for Go's scheduler (GOMAXPROCS); nil for one a core.
	procs func(Config) int
	// serve makes the model; nil if the server is Node.js.
	serve func(c Config, lns []*net.TCPListener, upstream netip.AddrPort) (model, error)

	source node.Source // of a server in Node.js
	app    node.App    // source after Prepare
	data   string      // the workloads' data folder after Prepare
}

// String returns the mode's name.
func (m Mode) String() string { return m.Name }

// asyncMode also serves the embedded upstream.
var asyncMode = Mode{
	Name: "async", Summary: "an event loop on one thread, non-blocking calls, a few workers",
	listeners: loopCount, procs: loopProcs, serve: newAsync,
}

// Modes is the table of modes. A new mode is a file of its own and a line here.
var Modes = []Mode{
	{Name: "blocking", Summary: "an OS thread for each connection, blocking calls", procs: threadProcs,
		serve: newBlocking},
	{Name: "pool", Summary: "a fixed pool of OS threads, blocking calls; others wait in the backlog",
		procs: threadProcs, serve: newPool},
	asyncMode,
	{Name: "goroutine", Summary: "a goroutine for each connection, parked by Go's runtime", serve: newGoroutine},
	{Name: "node",
		Summary: "Node.js and its own http module: libuv's event loop on one thread, four workers",
		source:  node.HTTP, Compiles: 3 * time.Second},
	{Name: "express", Summary: "the article's Express app on Node.js, with its packages from npm",
		source: node.Express, Compiles: 10 * time.Second},
}

// Loops reports whether the mode's server has event loops, each of them on a core at the most.
func (m Mode) Loops() bool { return m.listeners != nil || m.foreign() }

// foreign reports whether the mode's server is Node.js.
func (m Mode) foreign() bool { return m.serve == nil }

// threadProcs returns enough processors for a thread that waits in the kernel to keep its own, or
// to find another when it wakes. With one processor a core, each request pays for handing it from
// one thread to the next: 55 µs of CPU instead of 20. With several hundred, the cost of Go's
// monitor and collector for each processor shows.
func threadProcs(Config) int { return max(128, runtime.NumCPU()) }

// loopProcs lets a worker start at once although the loops keep their processors while they run and
// wait.
func loopProcs(c Config) int { return max(c.Loops+c.Workers*c.Loops, runtime.NumCPU()) + 1 }

func loopCount(c Config) int { return c.Loops }
