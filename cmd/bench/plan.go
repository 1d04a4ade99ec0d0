// Package bench runs a bench: it starts each mode as a child process, puts load on it, samples it,
// and makes the record of it.
package bench

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"time"

	"nodecompare/cmd/lookup"
	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/cpuset"
	"nodecompare/results"
	"nodecompare/results/gate"
	"nodecompare/results/unit"
	"nodecompare/servers"
	"nodecompare/servers/workload"
	"nodecompare/servers/yardstick"
)

// Options are what a user asks for.
type Options struct {
	Modes     []string // of servers.Modes, in the order of the table's columns
	Servers   []Server // users' own, which have the columns after those
	Workloads []string // of workload.All
	Profile   string   // of Profiles
	Rounds    int      // 0 for the profile's
	// of the common rate, in requests per second; 0 for one that follows from the modes' capacities
	Rate   float64
	Null   bool          // the one mode against itself
	SLO    time.Duration // the most that p99 latency may be, for connections to count as held; 0 is DefaultSLO
	Seed   uint64        // of the order of the trials; below 2^53
	Engine string        // of loadgen.Engines, or Auto, which "" is too
	Pin    cpuset.Pin    // of servers and load to CPUs; the zero value is off
	TLS    *tls.Config   // of users' servers at https; nil is the system's
}

// DefaultSLO is what a person still takes for "at once" (J. Nielsen, Usability Engineering, 1993:
// 0.1 s).
const DefaultSLO = 100 * time.Millisecond

// Auto gives closed loads to the loop engine, which costs less than a server does and so finds its
// capacity; and open loads to vegeta, as long as it can offer their rate on time.
const Auto = "auto"

// Plan is what a bench will do, in order.
type Plan struct {
	settings results.Settings
	profile  Profile
	limit    int         // of connections
	tls      *tls.Config // of https
	split    cpuset.Split
	auto     bool        // the split was not asked for
	allowed  cpuset.CPUs // that this process may use; nil where the system does not tell
	slots    []slot
	again    bool   // the rates are known: no pilot
	asked    bool   // for so many rounds, no more and no less
	note     string // of extra rounds: what they are for
	failed   int    // servers that had to be left out
}

// slot is one trial to be run.
type slot struct {
	round    int    // from 1
	name     string // of the column: the mode's, but for a bench of one mode against itself
	mode     *mode
	workload workload.Workload
	rungs    []rung
	closer   bool // it goes on between the rungs
}

// longest bounds a bench: one that would take more is refused before it is laid out.
const longest = 24 * time.Hour

// mostRate is the highest common rate that may be asked for, in requests per second: the most that
// the loop engine offers on time.
const mostRate = 50_000

// NewPlan checks the options and lays out the trials. Connections are bounded by the open files
// that a process may have: both the load and the server need one for each.
func NewPlan(o Options) (*Plan, error) {
	return newPlan(o, measure.MaxConnections())
}

func newPlan(o Options, limit int) (*Plan, error) {
	profile, err := lookup.Named("profile", o.Profile, Profiles)
	if err != nil {
		return nil, err
	}
	if o.Rounds < 0 {
		return nil, fmt.Errorf("--rounds=%d: at least 1 is needed", o.Rounds)
	}
	profile.Rounds = cmp.Or(o.Rounds, profile.Rounds)
	if o.Rate != 0 && !(o.Rate >= 1 && o.Rate <= mostRate) {
		return nil, fmt.Errorf("%g requests a second: the common rate is from 1/s to %d/s", o.Rate, mostRate)
	}
	engine := cmp.Or(o.Engine, Auto)
	if _, err := lookup.Named("load engine", engine,
		slices.Concat([]loadgen.Engine{{Name: Auto}}, loadgen.Engines)); err != nil {
		return nil, err
	}
	split, err := o.Pin.Choose()
	if err != nil {
		return nil, err
	}
	allowed, err := cpuset.Allowed()
	if err != nil && !errors.Is(err, cpuset.ErrNoPinning) {
		return nil, err
	}
	p := &Plan{profile: profile, asked: o.Rounds > 0, limit: limit, tls: o.TLS, split: split,
		auto: o.Pin.Auto, allowed: allowed, settings: results.Settings{
			Profile: profile.Name, Rounds: profile.Rounds, Seed: o.Seed, Engine: engine, Share: share, Null: o.Null,
			SLOUS: float64(cmp.Or(o.SLO, DefaultSLO).Microseconds()), Yardstick: yardstick.Version,
			Method: results.Method, RateRPS: o.Rate,
			Pin: results.Pin{Asked: o.Pin.String(), Server: split.Server.String(),
				Generator: split.Generator.String(), Note: split.Note},
		}}
	for _, own := range o.Servers {
		if own.Secure() && engine == loadgen.Loop {
			return nil,
				fmt.Errorf("server %s: the load engine %s has no TLS: leave --engine=%s out", own.Name, engine, engine)
		}
	}
	if limit < usualBase {
		return nil,
			fmt.Errorf(
				"this process may open files for %d connections only, and %d are needed: raise it with ulimit -n", max(0, limit), usualBase)
	}
	columns, err := columns(o)
	if err != nil {
		return nil, err
	}
	for _, c := range columns {
		p.settings.Modes = append(p.settings.Modes, c.mode.described(c.name))
	}
	var groups [][]slot // a workload's trials of one round
	for _, name := range o.Workloads {
		w, err := workloadNamed(name)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(groups, func(other []slot) bool { return other[0].workload.Name == name }) {
			return nil, fmt.Errorf("workload %s is named twice", name)
		}
		rungs, base, note := profile.ladder(w, limit-yardstickConnections)
		if p.spread(w) {
			note = strings.TrimSpace(note +
				" Its servers run on all CPUs: beside such requests the load needs hardly any.")
		}
		over, without := profile.overload(w, limit-yardstickConnections)
		note = strings.TrimSpace(note + " " + without)
		described := results.Workload{
			Name: w.Name, Summary: w.Summary, Method: w.Method, Target: w.Target, Base: base, Note: note,
			WaitUS: float64(w.Wait.Microseconds()), CPUUS: float64(w.CPU.Microseconds()),
			Poison: poisonOf(name), Surge: surgeOf(over),
		}
		for i, r := range rungs {
			if r.load == results.Common && o.Rate > 0 {
				rungs[i] = r.at(o.Rate)
				rungs[i].rate = o.Rate
			}
			if r.load == results.Closed {
				described.Ladder = append(described.Ladder,
					results.Step{Connections: r.connections, DurationS: r.duration.Seconds()})
			}
		}
		if over != nil {
			rungs = append(rungs, *over)
		}
		p.settings.Workloads = append(p.settings.Workloads, described)
		var group []slot
		for _, c := range columns {
			c.workload, c.rungs = w, rungs
			if c.mode.Compiles > 0 && w.CPU == 0 {
				c.rungs = collecting(rungs)
			}
			if c.mode.secure() {
				c.rungs = p.secured(c, over)
			}
			if len(c.rungs) > 0 {
				group = append(group, c)
			}
		}
		if len(group) > 0 {
			groups = append(groups, group)
		}
	}
	if len(columns) == 0 || len(groups) == 0 {
		return nil, fmt.Errorf("nothing to measure: name at least one mode and one workload")
	}
	var round time.Duration
	for _, s := range slices.Concat(groups...) {
		round += s.duration()
	}
	if hours := round.Hours() * float64(profile.Rounds); hours > longest.Hours() {
		return nil,
			fmt.Errorf(
				"this bench would take about %.0f hours, and %.0f is the most: name fewer modes, workloads or rounds", hours, longest.Hours())
	}
	p.slots = shuffled(groups, profile.Rounds, o.Seed)
	for i, s := range p.slots {
		p.slots[i].closer = profile.Between && !o.Null && s.round == profile.Rounds && s.climbs()
	}
	return p, nil
}

// columns are the table's, as slots with nothing but their mode.
func columns(o Options) ([]slot, error) {
	var columns []slot
	for _, name := range o.Modes {
		m, err := lookup.Named("mode", name, servers.Modes)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(columns, func(other slot) bool { return other.name == name }) {
			return nil, fmt.Errorf("mode %s is named twice", name)
		}
		columns = append(columns, slot{name: name, mode: &mode{Mode: m}})
	}
	for _, s := range o.Servers {
		columns = append(columns,
			slot{name: s.Name,
				mode: &mode{Mode: servers.Mode{Name: s.Name, Summary: s.summary(), Compiles: usersCompile}, user: &s}})
	}
	if !o.Null {
		return columns, nil
	}
	if len(columns) != 1 {
		return nil,
			fmt.Errorf("--null measures one mode against itself, and %s were named: give one with --modes",
				unit.Counted(len(columns), "mode"))
	}
	a, b := columns[0], columns[0]
	a.name, b.name = a.name+" A", b.name+" B"
	return []slot{a, b}, nil
}

// engine drives a load of that kind on that URL, at that rate in requests per second; 0 is a closed
// one.
func (p *Plan) engine(load, url string, rate float64) string {
	if p.settings.Engine != Auto {
		return p.settings.Engine
	}
	most := p.vegetaRate()
	if load == results.Own {
		most = 0 // the rate is a share of what the loop engine found
	}
	return loadgen.Auto(loadgen.Attack{Target: loadgen.Target{URL: url}, Rate: rate}, most)
}

// vegetaRate is the most that vegeta offers on time on the load's cores.
func (p *Plan) vegetaRate() float64 {
	cores := len(p.split.Generator)
	if !p.split.Pinned() {
		cores = runtime.NumCPU() / 2 // the servers take the rest
	}
	return loadgen.VegetaRate * float64(max(1, cores))
}

// spreadCost is from where on the load of a request, some 10 µs of CPU time, is next to nothing.
const spreadCost = 5 * time.Millisecond

// spread says that the servers of a workload run on the generator's CPUs too. Where a request
// computes for milliseconds, the load takes less than a hundredth of the CPU time, and how many
// cores a model can use is what the workload is there to show: with one core, all that auto leaves
// to a server on two, a single event loop would lose nothing.
func (p *Plan) spread(w workload.Workload) bool {
	return p.auto && p.split.Pinned() && w.CPU >= spreadCost
}

// serverCPUs are those that the servers of a workload are bound to; nil for no binding.
func (p *Plan) serverCPUs(w workload.Workload) cpuset.CPUs {
	if p.spread(w) {
		return p.allowed // by name: this process's own, which they would have else, are the generator's
	}
	return p.split.Server
}

// cpus returns those of server and generator; nil for all.
func (p *Plan) cpus() cpuset.CPUs {
	if p.split.Pinned() && !p.auto {
		return slices.Concat(p.split.Server, p.split.Generator)
	}
	return p.allowed // auto shares all of them out
}

// shuffled lays out the rounds. Each shuffles the workloads anew, and within a workload its modes:
// the trials that are compared with each other then run side by side in time, and neither has the
// same neighbour in each round.
func shuffled(groups [][]slot, rounds int, seed uint64) []slot {
	random := rand.New(rand.NewPCG(seed, 0))
	var slots []slot
	for round := 1; round <= rounds; round++ {
		for _, g := range random.Perm(len(groups)) {
			for _, m := range random.Perm(len(groups[g])) {
				s := groups[g][m]
				s.round = round
				slots = append(slots, s)
			}
		}
	}
	return slots
}

// only is the plan of a second run, of some modes and workloads.
func (p *Plan) only(suspects []gate.Pair) *Plan {
	second := *p
	second.slots, second.again = nil, true
	for _, s := range p.slots {
		if slices.Contains(suspects, s.pair()) {
			s.round, s.closer = s.round+p.settings.Rounds, false
			second.slots = append(second.slots, s)
		}
	}
	return &second
}

func (p *Plan) slo() time.Duration {
	return time.Duration(p.settings.SLOUS * float64(time.Microsecond))
}

// String is the plan in a few words.
func (p *Plan) String() string {
	s := fmt.Sprintf("%s in %s", unit.Counted(p.Trials(), "trial"), unit.Counted(p.settings.Rounds, "round"))
	if len(p.settings.Modes) > 1 && !p.asked && !p.settings.Null && p.settings.Rounds+
		results.ExtraRounds <= results.MostRounds {
		s += fmt.Sprintf(", and short extra ones, up to %d in all, of what they leave open", results.MostRounds)
	}
	return s
}

// WarmUps is how long the servers that compile themselves as they run are warmed up for in all, and
// which these are.
func (p *Plan) WarmUps() (d time.Duration, modes []string) {
	for _, s := range slices.Concat(p.slots, p.firstRound()) { // and the pilot
		if s.mode.Compiles > 0 {
			d += s.warmTime()
			if !slices.Contains(modes, s.name) {
				modes = append(modes, s.name)
			}
		}
	}
	slices.Sort(modes)
	return d, modes
}

// Trials is how many trials there are.
func (p *Plan) Trials() int { return len(p.slots) }

// last is the number of the last round.
func (p *Plan) last() int { return p.slots[len(p.slots)-1].round }
