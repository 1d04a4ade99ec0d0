// Package selftest measures what is known: servers with a fixed delay, a server that stands still
// for a while, a count. Where a figure of the load generator is not the truth, it says whether the
// machine is to blame or the tool. The arithmetic is in docs/selftest.md.
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
	// lagLimit is what p99 of the send lag must stay below at the highest rate.
	lagLimit = time.Millisecond
)

// Generator drives a load, run after run on the same connections. loadgen's is one.
type Generator interface {
	Run(ctx context.Context, duration time.Duration) (*loadgen.Result, error)
	Close()
}

// Engine is what is tested.
type Engine struct {
	Name string
	Open func(loadgen.Attack) (Generator, error)
}

// Engines are those of loadgen.
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

// Delay is a server that answers after a fixed time, under an open load.
type Delay struct {
	Wait time.Duration
	// Rate is in requests/s. With a wait that is a multiple of 1/Rate each request would arrive
	// just as the server, on its one core, answers another: what is measured then is their
	// collision.
	Rate     float64
	Duration time.Duration
}

// Load is an open load of immediate answers.
type Load struct {
	Rate     float64 // requests/s
	Duration time.Duration
}

// Search is where the highest rate is looked for, in requests/s.
type Search struct {
	Lowest, Highest float64       // less than Lowest, and the machine is not to be trusted
	Resolution      float64       // the share by which the lowest rate that fails may be above the highest that holds
	Duration        time.Duration // of the load at each rate; 0 leaves the search out
}

// Plan is what a selftest does, with each engine.
type Plan struct {
	Engines []Engine
	Pin     cpuset.Pin // of the server and of this process, as a bench pins them
	Delays  []Delay
	Queues  []Queue
	Stall   Stall
	Count   Load
	Search  Search

	Attempts int           // at one check, until it passes
	Spare    time.Duration // that all attempts but the first may take together
	Limit    time.Duration // of it all
}

// FullPlan takes three quarters of a minute on a quiet machine, and 70 s at the most.
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
		Count:    Load{5000, time.Second},
		Search:   Search{Lowest: 1000, Highest: 128_000, Resolution: 0.1, Duration: 400 * time.Millisecond},
		Attempts: 3, Spare: 18 * time.Second, Limit: 70 * time.Second,
	}
}

// ShortPlan is for a bench to begin with: 4 s on a quiet machine, and 12 s at the most.
func ShortPlan() Plan {
	return Plan{
		Engines: Engines(),
		Pin:     cpuset.Pin{Auto: true},
		Delays:  []Delay{{5 * time.Millisecond, 170, 400 * time.Millisecond}},
		Stall: Stall{Rate: 400, Connections: 4, Duration: 1200 * time.Millisecond,
			After: 300 * time.Millisecond, Length: 300 * time.Millisecond},
		Attempts: 2, Spare: 3 * time.Second, Limit: 12 * time.Second,
	}
}

// Extent is how much of a selftest a bench begins with.
type Extent struct {
	Name  string
	Takes time.Duration // on a quiet machine
	plan  func() Plan   // nil for none
}

// String returns the extent's name.
func (e Extent) String() string { return e.Name }

// Full and Short are the extents that check something.
var (
	Full  = Extent{"full", 56 * time.Second, FullPlan}
	Short = Extent{"short", 5 * time.Second, ShortPlan}
)

// Extents is the table of all.
var Extents = []Extent{Full, Short, {"off", 0, nil}}

// Run makes the selftest; there is no result where the extent is none. Errors are those of the
// function Run.
func (e Extent) Run(ctx context.Context) (*results.Selftest, error) {
	if e.plan == nil {
		return nil, nil
	}
	return Run(ctx, e.plan(), func(string) {})
}
