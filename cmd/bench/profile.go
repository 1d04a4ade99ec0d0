package bench

import (
	"time"

	"nodecompare/loadgen"
	"nodecompare/results"
)

// Profile is how much measuring a bench does.
type Profile struct {
	Name    string
	Summary string
	Rounds  int           // at least 6: below that no median has an interval of 95%
	Ladder  []rung        // of closed loads
	Open    time.Duration // of each open load
	Own     bool          // an open load at the same share of each one's own capacity too
	Pilot   time.Duration // of the runs that find a capacity before the first round
	Between bool          // the last round searches knee and connections held between the rungs

	Overload bool          // each trial ends with one, on whatever workload
	Surge    time.Duration // how long an overload lasts
}

// String returns the profile's name.
func (p Profile) String() string { return p.Name }

// rung is one step of load. Each begins with a settling run on its own connections, not measured,
// in which the server accepts them and starts what it starts for them.
type rung struct {
	load        string // results.Closed, Common, Own, Alone, Amid or Overload
	connections int
	settle      time.Duration
	duration    time.Duration
	// that the server and the yardstick take turns for, after the run in one piece; 0 for none
	slices int
	slice  time.Duration // the server's
	// of an open load that is the same for every server, in requests per second; 0 for one that
	// follows from capacities
	rate   float64
	poison *poison // that is put on the server meanwhile; nil for none
	surge  *surge  // of an overload; nil for none
}

// Profiles is the table of profiles.
var Profiles = []Profile{
	{"quick", "six short rounds: a first look, and a smoke test for CI", 6, []rung{
		closed(1, 20, 60), closed(8, 20, 60), closed(64, 40, 160), closed(512, 40, 120),
	}, ms(150), false, ms(150), false, false, ms(500)},
	{"standard", "six rounds: what the table is made for", 6, []rung{
		closed(1, 20, 60), closed(8, 20, 60), closed(64, 40, 240), closed(512, 40, 200), closed(1000, 50, 200),
	}, ms(200), true, ms(210), true, false, ms(1000)},
	{"thorough", "ten longer rounds, up to 10,000 connections, and an overload", 10, []rung{
		closed(1, 100, 500), closed(8, 100, 500), closed(64, 250, 1000), closed(512, 400, 1000),
		closed(2000, 800, 1500), closed(10000, 3000, 3000),
	}, ms(2000), true, ms(1000), false, true, ms(1500)},
}

func closed(connections, settle, duration int) rung {
	return rung{load: results.Closed, connections: connections, settle: ms(settle), duration: ms(duration)}
}

const (
	// share is the part of a capacity at which open loads run: well used, and far from where queues
	// grow by themselves.
	share = 0.5
	// An open load lasts until it has so many requests, which p99 and CPU time for a request need:
	// at the common rate for lightTime at most, at a mode's own share for the profile's time at
	// most, and for ownTime at the least.
	lightRequests = 1000
	lightTime     = time.Second
	ownRequests   = 3000
	ownTime       = 100 * time.Millisecond
	// openSettle is the settling run of an open load where requests do not wait, in which it opens
	// the connections that it needs.
	openSettle = 20 * time.Millisecond
	// nearly is how far apart the two rates must be for both to be worth their time.
	nearly = 1.1

	usualBase = 64
	// waitingBase is the base rung of routes that only wait: what 64 connections ask for there is
	// next to nothing, and CPU time per request is then mostly the luck of how many wake up
	// together (10% and more from trial to trial, against 5% with 512).
	waitingBase = 512
	// queueing is where the ladder ends for a workload that computes: more connections would
	// measure only how long a queue is, since every further one waits its turn of so much CPU time.
	// Its rungs are longer, for enough requests to count.
	queueing = 128

	// slice is how long the load stays with the server, and then with the yardstick, when they take
	// turns. Measured on two shared cores: the ratio of the two varies by 5% from trial to trial
	// with slices of 50 ms, by 11% with 600 ms, and by 18% without any.
	slice = 20 * time.Millisecond
	// yardstickConnections is as many as the usual base rung has.
	yardstickConnections = usualBase

	// usualWindows is what a warm-up takes as a rule of a server that is compiled already: one in
	// six has twice as many.
	usualWindows = loadgen.LeastWindows + 2
	// computingCap bounds the warm-up where requests compute for milliseconds: it is the same work
	// each time, and soon compiled.
	computingCap = 3 * time.Second
	// computingConnections are enough there to keep every core busy; more would only queue.
	computingConnections = 8
	// usersCompile is how long a user's server may compile itself under load.
	usersCompile = 3 * time.Second
)

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }
