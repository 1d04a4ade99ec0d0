// Package bench runs a bench: it starts each mode as a child process, puts load on it, samples it, and makes the record of it.
package bench

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/servers"
	"nodecompare/servers/workload"
)

// Options are what a user asks for.
type Options struct {
	Modes     []string    // of servers.Modes, in the order of the table's columns
	Workloads []string    // of workload.All
	Profile   string      // of Profiles
	Seed      uint64      // of the order of the trials; below 2^53
	Engine    string      // of loadgen.Engines; "" is the first
	Pin       loadgen.Pin // of servers and load to CPUs; the zero value is off
}

// Plan is what a bench will do, in order.
type Plan struct {
	settings results.Settings
	profile  Profile
	split    loadgen.Split
	auto     bool         // the split was not asked for
	allowed  loadgen.CPUs // that this process may use; nil where the system does not tell
	slots    []slot
}

// slot is one trial to be run.
type slot struct {
	round    int // from 1
	mode     servers.Mode
	workload workload.Workload
	rungs    []rung
}

// NewPlan checks the options and lays out the trials. Connections are bounded by the open files that a process may have: both
// the load and the server need one for each.
func NewPlan(o Options) (*Plan, error) {
	return newPlan(o, connectionLimit())
}

func newPlan(o Options, limit int) (*Plan, error) {
	profile, err := profileNamed(o.Profile)
	if err != nil {
		return nil, err
	}
	engine := cmp.Or(o.Engine, loadgen.Engines[0].Name)
	if err := checkEngine(engine); err != nil {
		return nil, err
	}
	split, err := o.Pin.Choose()
	if err != nil {
		return nil, err
	}
	allowed, err := loadgen.Allowed()
	if err != nil && !errors.Is(err, loadgen.ErrNoPinning) {
		return nil, err
	}
	p := &Plan{profile: profile, split: split, auto: o.Pin.Auto, allowed: allowed, settings: results.Settings{
		Profile: profile.Name, Rounds: profile.Rounds, Seed: o.Seed, Engine: engine,
		Pin: results.Pin{Asked: o.Pin.String(), Server: split.Server.String(), Generator: split.Generator.String(), Note: split.Note},
	}}
	if limit < results.Base {
		return nil, fmt.Errorf("this process may open files for %d connections only, and %d are needed: raise it with ulimit -n", limit, results.Base)
	}
	var modes []servers.Mode
	for _, name := range o.Modes {
		m, err := servers.Named(name)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(modes, func(other servers.Mode) bool { return other.Name == name }) {
			return nil, fmt.Errorf("mode %s is named twice", name)
		}
		modes = append(modes, m)
		p.settings.Modes = append(p.settings.Modes, results.Mode{Name: m.Name, Summary: m.Summary})
	}
	var groups [][]slot // a workload's trials of one round
	for _, name := range o.Workloads {
		w, err := workload.Named(name)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(groups, func(other []slot) bool { return other[0].workload.Name == name }) {
			return nil, fmt.Errorf("workload %s is named twice", name)
		}
		rungs, note := profile.ladder(name, limit)
		if p.spread(w) {
			note = strings.TrimSpace(note + " Its servers run on all CPUs: beside such requests the load needs hardly any.")
		}
		described := results.Workload{Name: w.Name, Summary: w.Summary, Method: w.Method, Target: w.Target, Note: note}
		for _, r := range rungs {
			described.Ladder = append(described.Ladder, results.Step{Connections: r.connections, DurationS: r.duration.Seconds()})
		}
		p.settings.Workloads = append(p.settings.Workloads, described)
		var group []slot
		for _, m := range modes {
			group = append(group, slot{mode: m, workload: w, rungs: rungs})
		}
		if len(group) > 0 {
			groups = append(groups, group)
		}
	}
	if len(modes) == 0 || len(groups) == 0 {
		return nil, fmt.Errorf("nothing to measure: name at least one mode and one workload")
	}
	p.slots = shuffled(groups, profile.Rounds, o.Seed)
	return p, nil
}

func checkEngine(name string) error {
	var known []string
	for _, e := range loadgen.Engines {
		if e.Name == name {
			return nil
		}
		known = append(known, e.Name)
	}
	return fmt.Errorf("unknown load engine %q: the known ones are %s", name, strings.Join(known, ", "))
}

// spread says that the servers of a workload run on the generator's CPUs too. Where a request computes for milliseconds, the
// load takes less than a hundredth of the CPU time, and how many cores a model can use is what the workload is there to show:
// with one core, all that auto leaves to a server on two, a single event loop would lose nothing.
func (p *Plan) spread(w workload.Workload) bool {
	_, computes := heavy[w.Name]
	return p.auto && p.split.Pinned() && computes
}

// serverCPUs are those that the servers of a workload are bound to; nil for no binding.
func (p *Plan) serverCPUs(w workload.Workload) loadgen.CPUs {
	if p.spread(w) {
		return p.allowed // by name: this process's own, which they would have else, are the generator's
	}
	return p.split.Server
}

// shuffled lays out the rounds. Each shuffles the workloads anew, and within a workload its modes: the trials that are compared
// with each other then run side by side in time, and neither has the same neighbour in each round.
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

// startStop is what a trial takes beside its load: a process started, asked, sampled and stopped.
const startStop = 250 * time.Millisecond

// Duration is how long the bench should take, within a fifth or so.
func (p *Plan) Duration() time.Duration {
	var sum time.Duration
	for _, s := range p.slots {
		sum += s.duration(p.profile)
	}
	return sum
}

func (s slot) duration(p Profile) time.Duration {
	sum := startStop + usualWindows*s.windowTime(p)
	for _, r := range s.rungs {
		sum += s.rungTime(r)
	}
	return sum
}

// rungTime counts what is in flight at the end of the settling run and of the measured one, and has to be waited for.
func (s slot) rungTime(r rung) time.Duration {
	sum := r.settle + r.duration + 50*time.Millisecond
	if h, ok := heavy[s.workload.Name]; ok {
		sum += 2 * time.Duration(r.connections) * h.cost
	}
	return sum
}

// settling bounds the warm-up. Where a window lasts longer than the profile's, because requests do, there must be time for
// enough of them all the same.
func (s slot) settling(p Profile) loadgen.Settling {
	return loadgen.Settling{Window: p.Warmup.Window, Cap: max(p.Warmup.Cap, mostWindows*s.windowTime(p))}
}

// windowTime is how long one window of the warm-up takes: it sends for the profile's time, and then waits for the answers.
func (s slot) windowTime(p Profile) time.Duration {
	if h, ok := heavy[s.workload.Name]; ok {
		return p.Warmup.Window + warmConnections*h.cost
	}
	return max(p.Warmup.Window, answerTime[s.workload.Name])
}

// Trials is how many trials there are.
func (p *Plan) Trials() int { return len(p.slots) }

// Rounds is how many rounds there are.
func (p *Plan) Rounds() int { return p.settings.Rounds }
