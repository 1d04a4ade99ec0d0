// Package bench runs a bench: it starts each mode as a child process, puts load on it, samples it,
// and builds the record.
package bench

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"nodecompare/cmd/hosts"
	"nodecompare/cmd/lookup"
	"nodecompare/cmd/measure"
	"nodecompare/cmd/watch"
	"nodecompare/loadgen"
	"nodecompare/loadgen/cpuset"
	"nodecompare/results"
	"nodecompare/results/gate"
	"nodecompare/results/scene"
	"nodecompare/results/unit"
	"nodecompare/servers"
	"nodecompare/servers/postgres"
	"nodecompare/servers/workload"
	"nodecompare/servers/yardstick"
)

// Options are the user's choices.
type Options struct {
	Modes     []string // of servers.Modes, in the order of the table's columns
	Servers   []Server // the user's own, in the columns after Modes
	Workloads []string // of workload.All
	Profile   string   // of Profiles
	Rounds    int      // 0 for the profile's
	// Rate is the common rate, in requests per second; 0 derives it from the modes' capacities.
	Rate   float64
	Null   bool          // one mode against itself
	SLO    time.Duration // limit of p99 for connections to count as held; 0 is DefaultSLO
	Seed   uint64        // of the order of the trials; below 2^53
	Engine string        // of loadgen.Engines; Auto or ""
	// LoadThreads are threads of the loop engine; 0 means one for each of the load's CPUs.
	LoadThreads int
	Cores       []int       // numbers of CPUs for the servers, in steps after the rounds; nil for none
	Loops       string      // of a server in these steps: Auto, or how many; "" means Auto
	Database    string      // what db, login and orders ask, as in servers.Config; "" means SQLite
	Connections int         // of a server to PostgreSQL; 0 is the usual number
	Pin         cpuset.Pin  // CPUs of servers and load; the zero value is off
	TLS         *tls.Config // for users' servers at https; nil is the system's
	Hosts       bool        // the server is on one host, and the load on others: see Plan.UseHosts
	Scene       string      // of watch.Scenes, to be recorded before the trials; Auto for one that fits; "" for none
}

// DefaultSLO is the longest delay that people perceive as instantaneous (J. Nielsen, Usability
// Engineering, 1993: 0.1 s).
const DefaultSLO = 100 * time.Millisecond

// Auto gives closed loads to the loop engine, which costs less than a server and so finds its
// capacity, and open loads to vegeta, as long as vegeta can offer their rate on time.
const Auto = "auto"

// Plan is what a bench will do, in order.
type Plan struct {
	settings results.Settings
	profile  Profile
	limit    int         // largest number of connections
	tls      *tls.Config // for https
	split    cpuset.Split
	auto     bool        // split was chosen automatically
	allowed  cpuset.CPUs // usable by this process; nil if unknown
	slots    []slot
	again    bool       // the rates are known: no pilot
	asked    bool       // the user set the number of rounds
	note     string     // purpose of extra rounds, and of steps
	steps    *coreSteps // of more CPUs; nil for none
	database *database  // beside SQLite; nil for none
	failed   int        // number of servers left out
	apart    bool       // on several hosts
	hosts    *hosts.Group
	scene    *watch.Scene // to record; nil for none
	recorded *scene.Trace // nil for none
}

// slot is one planned trial.
type slot struct {
	round int // from 1
	// name is the column's: the mode's, except in a bench of one mode against itself.
	name     string
	mode     *mode
	workload workload.Workload
	rungs    []rung
	closer   bool // followed by runs between the rungs
	apart    bool // server and load are on several hosts

	// In a step of more CPUs: the server's CPUs and its event loops, if it has any.
	cpus  cpuset.CPUs // nil for those of all trials
	loops int         // 0 means 1
}

// longest bounds a bench. A longer one is rejected before it is laid out.
const longest = 24 * time.Hour

// mostRate is the highest common rate that users may set for each thread of the load, in requests
// per second: the most that a thread of the loop engine offers on time.
const mostRate = 50_000

const (
	// hostsConnections and hostsThreads bound a bench on hosts, which have not joined when it is
	// planned.
	hostsConnections = 20_000
	hostsThreads     = 256
)

// NewPlan checks the options and lays out the trials. Connections are bounded by the open files of
// a process, because load and server each need one a connection.
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
	engine := cmp.Or(o.Engine, Auto)
	if _, err := lookup.Named("load engine", engine,
		slices.Concat([]loadgen.Engine{{Name: Auto}}, loadgen.Engines)); err != nil {
		return nil, err
	}
	if err := o.checkHosts(); err != nil {
		return nil, err
	}
	if o.Hosts {
		o.Pin = cpuset.Pin{}
	}
	split, err := o.Pin.Choose()
	if err != nil {
		return nil, err
	}
	if o.LoadThreads < 0 {
		return nil, fmt.Errorf("--load-threads=%d: at least 1 is needed", o.LoadThreads)
	}
	threads := cmp.Or(o.LoadThreads, split.LoadCores())
	if o.Hosts { // whose CPUs and open files are not known yet
		limit, threads = max(limit, hostsConnections), max(threads, hostsThreads)
	}
	if most := mostRate * threads; o.Rate != 0 && !(o.Rate >= 1 && o.Rate <= float64(most)) {
		return nil, fmt.Errorf("%g requests a second: the common rate is from 1/s to %d/s, "+
			"%d/s for each thread of the load", o.Rate, most, mostRate)
	}
	allowed, err := cpuset.Allowed()
	if err != nil && !errors.Is(err, cpuset.ErrNoPinning) {
		return nil, err
	}
	p := &Plan{profile: profile, asked: o.Rounds > 0, limit: limit, tls: o.TLS, split: split,
		auto: o.Pin.Auto, allowed: allowed, settings: results.Settings{
			Profile: profile.Name, Rounds: profile.Rounds, Seed: o.Seed, Engine: engine, Share: share, Null: o.Null,
			SLOUS: float64(cmp.Or(o.SLO, DefaultSLO).Microseconds()), Yardstick: yardstick.Version,
			Method: results.Method, RateRPS: o.Rate, LoadThreads: threads,
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
				"this process may open files for %d connections only, and %d are needed: raise it with ulimit -n",
				max(0, limit), usualBase)
	}
	if p.apart = o.Hosts; p.apart {
		p.settings.Yardstick, p.settings.LoadThreads = 0, 0
		p.settings.Pin.Note = "server and load are on different hosts"
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
		most := (limit - yardstickConnections) / (1 + w.Upstream) // a server's calls have descriptors too
		rungs, base, note := profile.ladder(w, most)
		if p.spread(w) {
			note = strings.TrimSpace(note +
				" Its servers run on all CPUs: beside such requests the load needs hardly any.")
		}
		over, without := profile.overload(w, most)
		note = strings.TrimSpace(note + " " + without)
		described := results.Workload{
			Name: w.Name, Summary: w.Summary, Method: w.Method, Target: w.Target, Base: base, Note: note,
			WaitUS: float64(w.Wait.Microseconds()), CPUUS: float64(w.CPU.Microseconds()),
			Poison: poisonOf(name), Surge: surgeOf(over), Tells: hears(w), RoomSize: roomSize(w), Plays: w.Plays,
			Beyond: beyond(w, most),
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
		if o.Hosts {
			rungs = onHosts(rungs)
			described.Surge = nil
			for i := range described.Ladder {
				described.Ladder[i].DurationS = max(described.Ladder[i].DurationS, hosts.Least.Seconds())
			}
		}
		p.settings.Workloads = append(p.settings.Workloads, described)
		var group []slot
		for _, c := range columns {
			c.workload, c.rungs, c.apart = w, rungs, o.Hosts
			if c.mode.Compiles > 0 && w.CPU == 0 {
				c.rungs = collecting(rungs)
			}
			switch {
			case c.mode.secure() && !w.Asks():
				c.rungs = nil
				p.settings.Missing = append(p.settings.Missing, results.Missing{Mode: c.name, Workload: w.Name,
					Reason: fmt.Sprintf("server %s on %s: subscribers, members and viewers are the loop engine's, "+
						"which has no TLS", c.name, w.Name)})
			case c.mode.secure():
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
	if len(groups) == 0 && len(p.settings.Missing) > 0 {
		return nil, fmt.Errorf("nothing to measure: %s", p.settings.Missing[0].Reason)
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
				"this bench would take about %.0f hours, and %.0f is the most: name fewer modes, workloads or rounds",
				hours, longest.Hours())
	}
	p.slots = shuffled(groups, profile.Rounds, o.Seed)
	if p.database, err = p.databaseWanted(o); err != nil {
		return nil, err
	}
	if p.scene, err = p.sceneFor(o.Scene); err != nil {
		return nil, err
	}
	if p.steps, err = p.newCoreSteps(o.Cores, o.Loops); err != nil {
		return nil, err
	}
	for i, s := range p.slots {
		p.slots[i].closer = profile.Between && !o.Null && !o.Hosts && s.round == profile.Rounds && s.climbs()
	}
	return p, nil
}

// columns returns the table's columns, as slots with a mode alone.
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
		m.Postgres = o.Database == servers.PrivateDatabase || postgres.Is(o.Database)
		m.Chat = slices.Contains(o.Workloads, "chat")
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

// engine returns the engine for a kind of load on a URL at a rate in requests per second; 0 for a
// closed load.
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

// vegetaRate returns the highest rate that vegeta offers on time on the load's cores.
func (p *Plan) vegetaRate() float64 {
	return loadgen.VegetaRate * float64(p.split.LoadCores())
}

// spreadCost is the CPU time of a request from which the load's part, some 10 µs, is negligible.
const spreadCost = 5 * time.Millisecond

// spread reports whether the servers of a workload also run on the generator's CPUs. If a request
// computes for milliseconds, the load takes less than a hundredth of the CPU time, and the workload
// should show how many cores a model can use: on one core, all that auto leaves a server on two, a
// single event loop would lose nothing.
func (p *Plan) spread(w workload.Workload) bool {
	return p.auto && p.split.Pinned() && w.CPU >= spreadCost
}

// serverCPUs returns the CPUs that a slot's server is bound to; nil for no binding.
func (p *Plan) serverCPUs(s slot) cpuset.CPUs {
	switch {
	case s.cpus != nil:
		return s.cpus
	case p.spread(s.workload):
		// explicit, because this process's own CPUs, the default, are the generator's
		return p.allowed
	}
	return p.split.Server
}

// cpus returns those of server and generator; nil for all.
func (p *Plan) cpus() cpuset.CPUs {
	if p.split.Pinned() && !p.auto {
		return slices.Concat(p.split.Server, p.split.Generator)
	}
	return p.allowed // auto divides all of them
}

// shuffled lays out the rounds. Each round shuffles the workloads, and the modes of each workload.
// Trials that are compared run next to each other in time, and have different neighbours in each
// round.
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

// only returns the plan of a second run, of some modes and workloads.
func (p *Plan) only(suspects []gate.Pair) *Plan {
	second := *p
	second.slots, second.again, second.steps = nil, true, nil
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

// String describes the plan in a few words.
func (p *Plan) String() string {
	s := fmt.Sprintf("%s in %s", unit.Counted(p.Trials(), "trial"), unit.Counted(p.settings.Rounds, "round"))
	if len(p.settings.Modes) > 1 && !p.asked && !p.settings.Null && p.settings.Rounds+
		results.ExtraRounds <= results.MostRounds {
		s += fmt.Sprintf(", and short extra ones, up to %d in all, of what they leave open", results.MostRounds)
	}
	return s
}

// WarmUps returns the total warm-up time of the servers that compile themselves as they run, and
// the names of these.
func (p *Plan) WarmUps() (d time.Duration, modes []string) {
	for _, s := range slices.Concat(p.slots, p.firstRound()) { // firstRound is for the pilot
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

// Trials returns the number of trials.
func (p *Plan) Trials() int { return len(p.slots) }

// last returns the number of the last round.
func (p *Plan) last() int { return p.slots[len(p.slots)-1].round }
