package mapping

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nodecompare/cmd/bench"
	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/servers"
	"nodecompare/servers/node"
	"nodecompare/servers/workload"
)

// mode is one that takes part.
type mode struct {
	bench.Mode
	foreign bool     // its server is not this program
	app     node.App // of a foreign one, once it has been prepared
	data    string   // the folder of its data
}

// modeNamed returns the mode of that name; the error lists the known ones.
func modeNamed(name string) (*mode, error) {
	var known []string
	for _, m := range bench.Modes() {
		if m.Name == name {
			foreign := slices.ContainsFunc(node.Modes, func(n node.Mode) bool { return n.Name == name })
			return &mode{Mode: m, foreign: foreign}, nil
		}
		known = append(known, m.Name)
	}
	return nil, fmt.Errorf("unknown mode %q: the known ones are %s", name, strings.Join(known, ", "))
}

// Prepare sees to it that all modes can be started, which may mean to fetch packages; say is told of that. A mode that this machine
// cannot run is left out, and named in the map. It is an error when fewer than two others are left.
func (p *Plan) Prepare(ctx context.Context, say func(string)) error {
	var able []*mode
	var why error
	for _, m := range p.modes {
		err := m.prepare(ctx, say)
		if missing, ok := errors.AsType[*node.Unavailable](err); ok {
			why = missing
			p.settings.Missing = append(p.settings.Missing, results.Missing{Mode: m.Name, Reason: missing.Error()})
			p.settings.Modes = slices.DeleteFunc(p.settings.Modes, func(other results.Mode) bool { return other.Name == m.Name })
			continue
		}
		if err != nil {
			return err
		}
		able = append(able, m)
	}
	if p.modes = able; len(able) < 2 {
		return fmt.Errorf("fewer than two modes are left to compare: %w", why)
	}
	return nil
}

func (m *mode) prepare(ctx context.Context, say func(string)) (err error) {
	if !m.foreign {
		return nil
	}
	if m.app, err = node.Prepare(ctx, m.Name, "", say); err != nil {
		return err
	}
	m.data, err = workload.Data("")
	return err
}

// start starts a server of the mode on the given CPUs, where there are any.
func (m *mode) start(ctx context.Context, cpus loadgen.CPUs) (p *servers.Process, err error) {
	c := servers.Command{Name: m.Name, Args: []string{"serve", "--mode=" + m.Name, "--addr=127.0.0.1:0", "--upstream=none"}}
	if m.foreign {
		app, err := m.app.Command(node.Options{Addr: "127.0.0.1:0", Data: m.data, Loops: 1, Workers: 4})
		if err != nil {
			return nil, err
		}
		c = servers.Command{Name: m.Name, Path: app.Path, Args: app.Args, Env: app.Env}
	}
	err = loadgen.Pinned(cpus, func() error {
		p, err = servers.Start(ctx, c)
		return err
	})
	if err != nil && p != nil { // it runs, but this thread could not be given its CPUs back
		return nil, errors.Join(err, p.Stop(ctx))
	}
	return p, err
}
