package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/servers"
	"nodecompare/servers/node"
	"nodecompare/servers/workload"
)

// Mode is one that a bench can measure.
type Mode struct{ Name, Summary string }

// Modes are ours, and those of Node.js.
func Modes() []Mode {
	var all []Mode
	for _, m := range servers.Modes {
		all = append(all, Mode{m.Name, m.Summary})
	}
	for _, m := range node.Modes {
		all = append(all, Mode{m.Name, m.Summary})
	}
	return all
}

// mode is a mode in a plan, shared by all of its slots.
type mode struct {
	Mode
	foreign bool     // its server is not this program
	app     node.App // of a foreign one, once it has been prepared
	data    string   // the folder of its data
	user    *Server  // nil for one of ours and of Node.js's
}

// modeNamed returns the mode of that name; the error lists the known ones.
func modeNamed(name string) (*mode, error) {
	all := Modes()
	known := make([]string, len(all))
	for i, m := range all {
		if m.Name == name {
			return &mode{Mode: m, foreign: i >= len(servers.Modes)}, nil
		}
		known[i] = m.Name
	}
	return nil, fmt.Errorf("unknown mode %q: the known ones are %s", name, strings.Join(known, ", "))
}

// command is how to start its server on any free port.
func (m *mode) command(upstream string) (servers.Command, error) {
	switch {
	case m.user != nil:
		return servers.Command{Name: m.Name, Shell: m.user.Command, Probe: m.user.target(workload.All[0])}, nil
	case !m.foreign:
		return ourCommand(m.Name, m.Name, upstream), nil
	}
	if upstream == noUpstream {
		upstream = ""
	}
	c, err := m.app.Command(node.Options{Addr: "127.0.0.1:0", Upstream: upstream, Data: m.data, Loops: 1, Workers: 4})
	return servers.Command{Name: m.Name, Path: c.Path, Args: c.Args, Env: c.Env}, err
}

// noUpstream is the value of serve's --upstream for none.
const noUpstream = "none"

// ourCommand starts this very tool as a server: only the mode differs between servers that are compared.
func ourCommand(name, mode, upstream string) servers.Command {
	return servers.Command{Name: name, Args: []string{"serve", "--mode=" + mode, "--addr=127.0.0.1:0", "--upstream=" + upstream}}
}

// Prepare sees to it that all modes can be started, which may mean to fetch packages; say is told of that. A mode that this
// machine cannot run is left out of the plan and named in the record, as is a workload that a user's server does not serve. It is an
// error when nothing is left, or when a user's server cannot be reached at all.
func (p *Plan) Prepare(ctx context.Context, say func(string)) error {
	if err := p.prepareModes(ctx, say); err != nil {
		return err
	}
	return p.probe(ctx, say)
}

func (p *Plan) prepareModes(ctx context.Context, say func(string)) error {
	for _, s := range p.firstRound() {
		if !s.mode.foreign || s.mode.data != "" {
			continue
		}
		var err error
		if s.mode.app, err = node.Prepare(ctx, s.mode.Name, "", say); err == nil {
			s.mode.data, err = workload.Data("")
		}
		if missing, ok := errors.AsType[*node.Unavailable](err); ok {
			p.leaveOut(s.name, missing)
			if len(p.slots) == 0 {
				return fmt.Errorf("nothing is left to measure: %w", missing)
			}
			continue
		}
		if err != nil {
			return err
		}
	}
	for i, m := range p.settings.Modes {
		for _, s := range p.firstRound() {
			if s.name == m.Name && s.mode.foreign && !strings.Contains(m.Summary, s.mode.app.Version) {
				p.settings.Modes[i].Summary += " (" + s.mode.app.Version + ")"
			}
		}
	}
	return nil
}

func (p *Plan) leaveOut(name string, why *node.Unavailable) {
	if slices.ContainsFunc(p.settings.Missing, func(m results.Missing) bool { return m.Mode == name }) {
		return
	}
	p.settings.Missing = append(p.settings.Missing, results.Missing{Mode: name, Reason: why.Error()})
	p.settings.Modes = slices.DeleteFunc(p.settings.Modes, func(m results.Mode) bool { return m.Name == name })
	p.slots = slices.DeleteFunc(p.slots, func(s slot) bool { return s.name == name })
}
