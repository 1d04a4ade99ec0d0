package bench

import (
	"context"
	"fmt"
	"slices"

	"nodecompare/results"
	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/servers/workload"
)

// mode is a mode in a plan, shared by all of its slots.
type mode struct {
	servers.Mode         // of a user's server only its name and summary
	user         *Server // nil for one of ours and of Node.js's
}

// command is how to start its server on any free port.
func (m *mode) command(upstream string) (child.Command, error) {
	if m.user != nil {
		return child.Command{Name: m.Name, Shell: m.user.Command, Probe: m.user.target(workload.All[0])}, nil
	}
	return m.Command(upstream)
}

// Prepare sees to it that all modes can be started, which may mean to fetch packages; say is told of that. A mode that this
// machine cannot run is left out of the plan and named in the record, as is a user's server that cannot be reached, and a workload that
// it does not serve. It is an error when nothing is left.
func (p *Plan) Prepare(ctx context.Context, say func(string)) error {
	err := p.prepareModes(ctx, say)
	if err == nil {
		err = p.probe(ctx, say)
	}
	if err == nil && len(p.slots) == 0 {
		err = fmt.Errorf("nothing is left to measure: %s", p.settings.Missing[0].Reason)
	}
	return err
}

func (p *Plan) prepareModes(ctx context.Context, say func(string)) error {
	var all []*servers.Mode
	for _, s := range p.firstRound() {
		if s.mode.user == nil {
			all = append(all, &s.mode.Mode)
		}
	}
	unable, err := servers.Prepare(ctx, all, say)
	if err != nil {
		return err
	}
	for _, why := range unable {
		p.leaveOut(why.Mode, why, say)
	}
	for i, m := range p.settings.Modes {
		first := slices.IndexFunc(p.slots, func(s slot) bool { return s.name == m.Name })
		if version := p.slots[first].mode.Runtime; version != "" {
			p.settings.Modes[i].Summary += " (" + version + ")"
		}
	}
	return nil
}

// leaveOut takes the columns of a mode out of the plan: two, where it is measured against itself.
func (p *Plan) leaveOut(mode string, why error, say func(string)) {
	say("left out: " + why.Error())
	for _, column := range p.firstRound() {
		if column.mode.Name != mode || slices.ContainsFunc(p.settings.Missing, func(m results.Missing) bool { return m.Mode == column.name && m.Workload == "" }) {
			continue
		}
		p.settings.Missing = append(p.settings.Missing, results.Missing{Mode: column.name, Reason: why.Error()})
		p.settings.Modes = slices.DeleteFunc(p.settings.Modes, func(m results.Mode) bool { return m.Name == column.name })
		p.slots = slices.DeleteFunc(p.slots, func(s slot) bool { return s.name == column.name })
	}
}
