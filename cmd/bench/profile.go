package bench

import (
	"time"

	"nodecompare/loadgen"
	"nodecompare/results"
)

// Profile is how much a bench measures.
type Profile struct {
	Name    string
	Summary string
	Rounds  int           // at least 6: with fewer no median has a 95% interval
	Ladder  []rung        // of closed loads
	Open    time.Duration // of each open load
	Own     bool          // adds an open load at a share of each mode's own capacity
	Pilot   time.Duration // of the pilot's runs
	Between bool          // the last round refines knee and connections held between the rungs

	Overload bool          // every trial ends with one, on any workload
	Surge    time.Duration // length of an overload's surge
}

// String returns the profile's name.
func (p Profile) String() string { return p.Name }

// rung is one step of load. It begins with a ramp on its own connections, not measured, in which
// the server accepts them and starts what it needs for them.
type rung struct {
	load        string // results.Closed, Common, Own, Alone, Amid or Overload
	connections int
	ramp        time.Duration
	duration    time.Duration
	// slices is how often server and yardstick take turns after the uninterrupted run; 0 for none.
	slices int
	slice  time.Duration // length of the server's
	// rate is that of an open load equal for every server, in requests per second; 0 for one
	// derived from capacities.
	rate   float64
	poison *poison // runs on the server meanwhile; nil for none
	surge  *surge  // of an overload; nil for none
}

// Profiles is the table of profiles.
var Profiles = []Profile{
	{"quick", "six short rounds: a first look, and a smoke test for CI", 6, []rung{
		closed(1, 20, 60), closed(8, 20, 60), closed(64, 40, 160), closed(512, 40, 120),
	}, ms(150), false, ms(150), false, false, ms(500)},
	{"standard", "six rounds: what the table is made for", 6, []rung{
		closed(1, 20, 60), closed(8, 20, 60), closed(64, 40, 240), closed(512, 40, 200), closed(1000, 50, 200),
	}, ms(200), true, ms(150), true, false, ms(1000)},
	{"thorough", "ten longer rounds, up to 10,000 connections, and an overload", 10, []rung{
		closed(1, 100, 500), closed(8, 100, 500), closed(64, 250, 1000), closed(512, 400, 1000),
		closed(2000, 800, 1500), closed(10000, 3000, 3000),
	}, ms(2000), true, ms(1000), false, true, ms(1500)},
}

func closed(connections, settle, duration int) rung {
	return rung{load: results.Closed, connections: connections, ramp: ms(settle), duration: ms(duration)}
}

const (
	// share is the part of a capacity at which open loads run: well used, and far from where queues
	// grow by themselves.
	share = 0.5
	// An open load lasts until it has lightRequests, which p99 and CPU time per request need: at
	// the common rate at most for lightTime; at a mode's own share at most for the profile's time,
	// and at least for ownTime.
	lightRequests = 1000
	lightTime     = time.Second
	ownRequests   = 3000
	ownTime       = 100 * time.Millisecond
	// openRamp is the ramp of an open load where requests do not wait, in which it opens
	// the connections that it needs.
	openRamp = 20 * time.Millisecond
	// nearly is how far apart the two rates must be for both to be worth their time.
	nearly = 1.1

	usualBase = 64
	// waitingBase is the base rung of routes that only wait. With 64 connections such a route asks
	// for almost nothing, and CPU time per request depends on how many connections happen to wake
	// together (docs/calibration.md).
	waitingBase = 512
	// queueing is the top rung of a workload that computes. More connections would only measure the
	// queue, because each waits its turn for CPU time. The rungs are longer, for enough requests to
	// count.
	queueing = 128

	// yardstickSlice is how long the load stays with the server, and then with the yardstick, when
	// they take turns. Short slices make the ratio of the two vary least (docs/calibration.md).
	yardstickSlice = 20 * time.Millisecond
	// yardstickConnections equals the usual base rung.
	yardstickConnections = usualBase

	// usualWindows is the usual number of warm-up windows of a compiled server. One in six takes
	// twice as many.
	usualWindows = loadgen.LeastWindows + 2
	// computingCap bounds the warm-up if requests compute for milliseconds, because the same code
	// runs each time and is soon compiled.
	computingCap = 3 * time.Second
	// computingConnections keep every core busy on such a workload. More would only queue.
	computingConnections = 8
)

// usersCompile is how long a user's server may compile itself under load. It is a variable for
// tests, whose servers are compiled.
var usersCompile = 3 * time.Second

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }
