// Package selftest measures where the truth is known: servers with a fixed delay, a server that
// stalls, a count. If a figure of the load generator is wrong, the verdict says whether the machine
// or the tool is to blame. docs/selftest.md has the arithmetic.
package selftest

import (
	"context"
	"time"

	"nodecompare/loadgen"
	"nodecompare/loadgen/cpuset"
	"nodecompare/results"
)

const (
	requestTimeout = 5 * time.Second
	warmup         = 250 * time.Millisecond
	// lagLimit bounds the p99 send lag at the highest rate.
	lagLimit = time.Millisecond
)

// Generator drives a load, run after run on the same connections, like loadgen's.
type Generator interface {
	Run(ctx context.Context, duration time.Duration) (*loadgen.Result, error)
	Close()
}

// Engine is an engine under test.
type Engine struct {
	Name string
	Open func(loadgen.Attack) (Generator, error)
}

// Engines returns loadgen's engines.
func Engines() []Engine {
	var all []Engine
	for _, e := range loadgen.Engines {
		all = append(all, Engine{e.Name, func(a loadgen.Attack) (Generator, error) {
			a.Engine = e.Name
			return loadgen.Open(a)
		}})
	}
	return all
}

// Delay is an open load on a server that answers after a fixed time.
type Delay struct {
	Wait time.Duration
	// Rate is in requests/s. If the wait is a multiple of 1/Rate, each request arrives just when
	// the server, on its one core, answers another, and the check measures their collision.
	Rate     float64
	Duration time.Duration
}

// Load is an open load of immediate answers.
type Load struct {
	Rate     float64 // requests/s
	Duration time.Duration
}

// Search is the range in which the highest rate is searched, in requests/s.
type Search struct {
	Lowest, Highest float64       // below Lowest the machine is not to be trusted
	Resolution      float64       // largest relative gap between the rates that hold and fail
	Duration        time.Duration // of the load at each rate; 0 skips the search
}

// Plan is what a selftest does with each engine.
type Plan struct {
	Engines []Engine
	Pin     cpuset.Pin // of the server and this process, as in a bench
	Delays  []Delay
	Queues  []Queue
	Stall   Stall
	Count   Load
	Events  Events // of engines that know subscribers
	Search  Search

	Attempts int           // at one check, until it passes
	Spare    time.Duration // for all attempts but the first
	Limit    time.Duration // for everything
}

// FullPlan returns a plan of three quarters of a minute on a quiet machine, and at most 70 s.
func FullPlan() Plan {
	return Plan{
		Engines: Engines(),
		Pin:     cpuset.Pin{Auto: true},
		Delays: []Delay{
			{time.Millisecond, 170, 1500 * time.Millisecond},
			{5 * time.Millisecond, 170, 1500 * time.Millisecond},
			{50 * time.Millisecond, 90, 2 * time.Second},
		},
		Queues: []Queue{
			{Law: "D", Mean: 2 * time.Millisecond, Utilisation: 0.9, Duration: 2500 * time.Millisecond},
			{Law: "M", Mean: 2 * time.Millisecond, Utilisation: 0.9, Duration: 2500 * time.Millisecond},
		},
		Stall: Stall{Rate: 400, Connections: 8, Duration: 3 * time.Second, After: time.Second,
			Length: 600 * time.Millisecond},
		Count: Load{5000, time.Second},
		Events: Events{Late: 5 * time.Millisecond, Every: 5 * time.Millisecond, Each: 250, LeftOut: 100,
			Connections: delayConnections},
		Search:   Search{Lowest: 1000, Highest: 128_000, Resolution: 0.1, Duration: 400 * time.Millisecond},
		Attempts: 3, Spare: 18 * time.Second, Limit: 70 * time.Second,
	}
}

// ShortPlan returns a plan for the start of a bench, of 4 s on a quiet machine, and at most 12 s.
func ShortPlan() Plan {
	return Plan{
		Engines: Engines(),
		Pin:     cpuset.Pin{Auto: true},
		Delays:  []Delay{{5 * time.Millisecond, 170, 400 * time.Millisecond}},
		Stall: Stall{Rate: 400, Connections: 4, Duration: 900 * time.Millisecond,
			After: 200 * time.Millisecond, Length: 300 * time.Millisecond},
		Attempts: 2, Spare: 3 * time.Second, Limit: 12 * time.Second,
	}
}

// Extent is the amount of selftest at the start of a bench.
type Extent struct {
	Name  string
	Takes time.Duration // on a quiet machine
	plan  func() Plan   // nil for none
}

// String returns the extent's name.
func (e Extent) String() string { return e.Name }

// Full and Short are the extents that check something.
var (
	Full  = Extent{"full", 58 * time.Second, FullPlan}
	Short = Extent{"short", 5 * time.Second, ShortPlan}
)

// Extents is the table of extents.
var Extents = []Extent{Full, Short, {"off", 0, nil}}

// Run runs the selftest, and tells say each step. The result is nil for the extent none. Errors are
// those of the function Run.
func (e Extent) Run(ctx context.Context, say func(step string)) (*results.Selftest, error) {
	if e.plan == nil {
		return nil, nil
	}
	return Run(ctx, e.plan(), say)
}
