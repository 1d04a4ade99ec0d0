package servers

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
)

// Mode is a concurrency model that can be served.
type Mode struct {
	Name    string
	Summary string // one line, for people

	// Listeners is how many sockets share the port; nil for one.
	Listeners func(Config) int
	// Procs is how many processors Go's scheduler should have (GOMAXPROCS); nil for as many as there are cores.
	Procs func(Config) int

	serve func(c Config, lns []*net.TCPListener, upstream netip.AddrPort) (model, error)
}

// Modes is the table of modes. A new one is a file of its own and a line here.
var Modes = []Mode{
	{Name: "blocking", Summary: "an OS thread for each connection, blocking calls", Procs: threadProcs, serve: newBlocking},
	{Name: "pool", Summary: "a fixed pool of OS threads, blocking calls; others wait in the backlog", Procs: threadProcs, serve: newPool},
	{Name: "async", Summary: "an event loop on one thread, non-blocking calls, a few workers", Listeners: loopCount, Procs: loopProcs, serve: newAsync},
	{Name: "goroutine", Summary: "a goroutine for each connection, parked by Go's runtime", serve: newGoroutine},
}

// Named returns the mode of that name; the error lists the known ones.
func Named(name string) (Mode, error) {
	known := make([]string, len(Modes))
	for i, m := range Modes {
		if m.Name == name {
			return m, nil
		}
		known[i] = m.Name
	}
	return Mode{}, fmt.Errorf("unknown mode %q: the known ones are %s", name, strings.Join(known, ", "))
}

// threadProcs is enough processors for a thread that waits in the kernel to keep its own, or to find another when it wakes. With
// as many as there are cores, each request pays a hand-over from one thread to the next: 55 µs of CPU a request instead of 20,
// measured. With several hundred, what Go's monitor and collector do for each of them shows.
func threadProcs(Config) int { return max(128, runtime.NumCPU()) }

// loopProcs lets a worker start at once although the loops hold on to their processors while they run and wait.
func loopProcs(c Config) int { return max(c.Loops+c.Workers*c.Loops, runtime.NumCPU()) + 1 }

func loopCount(c Config) int { return c.Loops }
