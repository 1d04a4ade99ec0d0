package servers

import (
	"net"
	"net/netip"
	"runtime"
	"time"

	"nodecompare/servers/node"
)

// Mode is a concurrency model that can be served: by this program, or by Node.js.
type Mode struct {
	Name    string
	Summary string // one line, for people
	Runtime string // the version of Node.js, once [Prepare] has looked for it; "" where this very program is the server
	// Compiles is for how long the server compiles itself under load as a rule, as a JIT does; 0
	// where it is compiled before it runs.
	Compiles time.Duration

	// listeners is how many sockets share the port; nil for one.
	listeners func(Config) int
	// procs is how many processors Go's scheduler should have (GOMAXPROCS); nil for as many as
	// there are cores.
	procs func(Config) int
	// serve makes the model; nil where the server is Node.js.
	serve func(c Config, lns []*net.TCPListener, upstream netip.AddrPort) (model, error)

	source node.Source // of a server that is Node.js
	app    node.App    // that, once it has been prepared
	data   string      // the folder of the workloads' data, once it has been prepared
}

// String returns the mode's name.
func (m Mode) String() string { return m.Name }

// asyncMode serves the embedded upstream too.
var asyncMode = Mode{
	Name: "async", Summary: "an event loop on one thread, non-blocking calls, a few workers",
	listeners: loopCount, procs: loopProcs, serve: newAsync,
}

// Modes is the table of modes. A new one is a file of its own and a line here.
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

// threadProcs is enough processors for a thread that waits in the kernel to keep its own, or to
// find another when it wakes. With as many as there are cores, each request pays a hand-over from
// one thread to the next: 55 µs of CPU a request instead of 20, measured. With several hundred,
// what Go's monitor and collector do for each of them shows.
func threadProcs(Config) int { return max(128, runtime.NumCPU()) }

// loopProcs lets a worker start at once although the loops hold on to their processors while they
// run and wait.
func loopProcs(c Config) int { return max(c.Loops+c.Workers*c.Loops, runtime.NumCPU()) + 1 }

func loopCount(c Config) int { return c.Loops }
