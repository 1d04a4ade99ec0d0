// Package bench runs a bench: it starts each mode as a child process, puts load on it, samples it, and makes the record of it.
package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"nodecompare/results"
	"nodecompare/servers"
	"nodecompare/servers/workload"
)

// Options are what a user asks for.
type Options struct {
	Modes     []string // of servers.Modes, in the order of the table's columns
	Workloads []string // of workload.All
	Profile   string   // of Profiles
	Seed      uint64   // of the order of the trials; below 2^53
}

// Plan is what a bench will do, in order.
type Plan struct {
	settings results.Settings
	profile  Profile
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
	p := &Plan{profile: profile, settings: results.Settings{Profile: profile.Name, Rounds: profile.Rounds, Seed: o.Seed}}
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
	sum := startStop + p.Warmup
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

// Trials is how many trials there are.
func (p *Plan) Trials() int { return len(p.slots) }

// Rounds is how many rounds there are.
func (p *Plan) Rounds() int { return p.settings.Rounds }
