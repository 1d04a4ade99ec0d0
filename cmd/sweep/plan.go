// Package sweep makes a map: it starts a server of each mode, puts closed loads on them whose
// requests wait and compute for set times, and finds where the modes differ.
package sweep

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"nodecompare/cmd/hosts"
	"nodecompare/cmd/lookup"
	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/cpuset"
	"nodecompare/results"
	"nodecompare/results/unit"
	"nodecompare/servers"
	"nodecompare/servers/workload"
)

// Options are the user's choices.
type Options struct {
	Modes       []string        // of servers.Modes: at least two
	Waits       []time.Duration // of a request: whole milliseconds
	CPUs        []time.Duration // of a request: whole microseconds
	Connections []int
	Rounds      int
	Seed        uint64     // of the order of the runs; below 2^53
	LoadThreads int        // of the loop engine; 0 means one for each of the load's CPUs
	Pin         cpuset.Pin // CPUs of servers and load; the zero value is off
	Hosts       bool       // servers on one host and load from others: see UseHosts
}

// Plan is what a map will do.
type Plan struct {
	settings results.MapSettings
	modes    []*servers.Mode
	split    cpuset.Split
	apart    bool         // on several hosts
	hosts    *hosts.Group // those; nil until UseHosts
}

const (
	// window is the shortest time over which a run's throughput is counted.
	window = 60 * time.Millisecond
	// lightest is a request's CPU time without its computing, for planning only.
	lightest = 20 * time.Microsecond
	// longest bounds a map. A longer one is rejected before it begins.
	longest = time.Hour

	serverTime = 250 * time.Millisecond // to start and stop a server
	// warmConnections equals the connections of a bench's base rung.
	warmConnections = 64

	runTime = 10 * time.Millisecond // to open connections, and to sample
)

// NewPlan checks the options.
func NewPlan(o Options) (*Plan, error) {
	p := &Plan{settings: results.MapSettings{Rounds: o.Rounds, Seed: o.Seed, Connections: o.Connections}}
	if o.Rounds < 1 {
		return nil, fmt.Errorf("--rounds=%d: at least 1 is needed, and 6 for intervals of 95%%", o.Rounds)
	}
	var err error
	if p.settings.Waits, err = whole("waits", o.Waits, time.Millisecond, workload.MixMaxWait); err != nil {
		return nil, err
	}
	if p.settings.CPUs, err = whole("cpus", o.CPUs, time.Microsecond, workload.MixMaxCPU); err != nil {
		return nil, err
	}
	if p.apart = o.Hosts; p.apart {
		if err := hosts.Check(o.Pin.String(), o.LoadThreads); err != nil {
			return nil, err
		}
	}
	most := measure.MaxConnections()
	for i, n := range o.Connections {
		switch {
		case n < 1:
			return nil, fmt.Errorf("--connections=%d: at least 1 is needed", n)
		case n > most && !p.apart:
			return nil,
				fmt.Errorf(
					"--connections=%d: this process may open files for %d only: raise it with ulimit -n",
					n, max(0, most))
		case slices.Contains(o.Connections[:i], n):
			return nil, fmt.Errorf("--connections: %d is named twice", n)
		}
	}
	for i, name := range o.Modes {
		m, err := lookup.Named("mode", name, servers.Modes)
		if err != nil {
			return nil, err
		}
		if slices.Contains(o.Modes[:i], name) {
			return nil, fmt.Errorf("mode %s is named twice", name)
		}
		p.modes = append(p.modes, &m)
		p.settings.Modes = append(p.settings.Modes, results.Mode{Name: m.Name, Summary: m.Summary})
	}
	if len(p.modes) < 2 {
		return nil,
			fmt.Errorf("--modes names %s: a map shows the differences between modes, and needs two or more",
				unit.Counted(len(p.modes), "mode"))
	}
	if len(p.settings.Points()) == 0 {
		return nil, fmt.Errorf("nothing to map: name at least one wait, one CPU time and one number of connections")
	}
	if p.split, err = o.Pin.Choose(); err != nil {
		return nil, err
	}
	if o.LoadThreads < 0 {
		return nil, fmt.Errorf("--load-threads=%d: at least 1 is needed", o.LoadThreads)
	}
	if !p.apart {
		p.settings.LoadThreads = cmp.Or(o.LoadThreads, p.split.LoadCores())
	}
	p.settings.Pin = results.Pin{Asked: o.Pin.String(), Server: p.split.Server.String(),
		Generator: p.split.Generator.String(), Note: p.split.Note}
	if p.apart {
		p.settings.Pin.Note = "server and load are on different hosts"
	}
	if d := p.Duration(); d > longest {
		return nil, fmt.Errorf("this map would take about %v, and %v is the most: name fewer or smaller "+
			"waits, CPU times, connections or rounds", d.Round(time.Minute), longest)
	}
	return p, nil
}

// whole returns the times in units, each once and within the limit.
func whole(name string, times []time.Duration, unit, most time.Duration) ([]int, error) {
	var all []int
	for _, d := range times {
		if d < 0 || d > most || d%unit != 0 {
			return nil, fmt.Errorf("--%s: %v must be a multiple of %v, from 0 to %v", name, d, unit, most)
		}
		n := int(d / unit)
		if slices.Contains(all, n) {
			return nil, fmt.Errorf("--%s: %v is named twice", name, d)
		}
		all = append(all, n)
	}
	return all, nil
}

// Duration estimates how long the map takes, within about a fifth.
func (p *Plan) Duration() time.Duration {
	each := serverTime
	for _, at := range p.settings.Points() {
		t := p.timesOf(at)
		// both runs end with the answers to what they sent
		each += t.ramp + t.run() + 2*cycle(at)
		if p.apart {
			each += hosts.Begin
		}
	}
	sum := each * time.Duration(len(p.modes))
	for _, m := range p.modes {
		if p.apart {
			sum += hosts.WarmTime(m.Compiles)
		} else {
			sum += max(measure.WarmWindow*(loadgen.LeastWindows+2), m.Compiles)
		}
	}
	return sum * time.Duration(p.settings.Rounds)
}

// String returns the plan in a few words.
func (p *Plan) String() string {
	return fmt.Sprintf("%s of %s in %s", unit.Counted(len(p.settings.Points()), "cell"),
		unit.Counted(len(p.modes), "mode"), unit.Counted(p.settings.Rounds, "round"))
}

// order returns a round's cells, shuffled: a server's history and the machine's warmth must not
// correlate with the cell.
func (p *Plan) order(random *rand.Rand) []results.MapPoint {
	all := p.settings.Points()
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// times are the parts of one run.
type times struct {
	ramp time.Duration // a run before it, in which every connection sends once
	// Span leads until all connections are in step with the server. Throughput is counted over its
	// length.
	measure.Span
}

// run returns how long the run sends. Connections begin one after another.
func (t times) run() time.Duration { return t.Lead + t.Length + runTime }

func (p *Plan) timesOf(at results.MapPoint) times {
	wait := time.Duration(at.WaitMS) * time.Millisecond
	t := times{
		ramp: 10*time.Millisecond + time.Duration(at.Connections)*lightest,
		Span: measure.Span{Lead: max(10*time.Millisecond, cycle(at)), Length: max(window, wait+wait/4)},
	}
	if p.apart {
		t.ramp, t.Length = hosts.Connecting, max(t.Length, hosts.Least-t.Lead-runTime)
	}
	return t
}

// cycle returns how long it takes at most, with one core, until every connection has had one
// answer.
func cycle(at results.MapPoint) time.Duration {
	wait, cpu := time.Duration(at.WaitMS)*time.Millisecond, time.Duration(at.CPUUS)*time.Microsecond
	return wait + time.Duration(at.Connections)*(cpu+lightest)
}
