// Package modes is every mode that this tool can start as a child process: its own, and those of Node.js.
package modes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/servers/node"
	"nodecompare/servers/workload"
)

// Mode is one of them.
type Mode struct {
	Name, Summary string
	Runtime       string // the version of Node.js, once it has been prepared; "" where this very program is the server

	foreign bool     // its server is not this program
	data    string   // the folder of the workloads' data, once it has been prepared
	app     node.App // of a foreign one, then
}

// NoUpstream is the value of serve's --upstream for none.
const NoUpstream = "none"

// All are ours, and those of Node.js.
func All() []Mode {
	var all []Mode
	for _, m := range servers.Modes {
		all = append(all, Mode{Name: m.Name, Summary: m.Summary})
	}
	for _, m := range node.Modes {
		all = append(all, Mode{Name: m.Name, Summary: m.Summary, foreign: true})
	}
	return all
}

// Named returns the mode of that name; the error lists the known ones.
func Named(name string) (Mode, error) {
	var known []string
	for _, m := range All() {
		if m.Name == name {
			return m, nil
		}
		known = append(known, m.Name)
	}
	return Mode{}, fmt.Errorf("unknown mode %q: the known ones are %s", name, strings.Join(known, ", "))
}

// Prepare sees to it that the modes can be started, which may mean to fetch packages; say is told of that. It returns those that
// this machine cannot run, once each: the others can go on without them. Without the workloads' data none can.
func Prepare(ctx context.Context, all []*Mode, say func(string)) (unable []*node.Unavailable, err error) {
	if len(all) == 0 {
		return nil, nil
	}
	data, err := workload.Data("")
	if err != nil {
		return nil, err
	}
	for i, m := range all {
		if slices.Contains(all[:i], m) {
			continue
		}
		m.data = data
		err := m.prepare(ctx, say)
		if missing, ok := errors.AsType[*node.Unavailable](err); ok {
			unable = append(unable, missing)
		} else if err != nil {
			return nil, err
		}
	}
	return unable, nil
}

func (m *Mode) prepare(ctx context.Context, say func(string)) (err error) {
	if !m.foreign {
		return nil
	}
	if m.app, err = node.Prepare(ctx, m.Name, "", say); err != nil {
		return err
	}
	m.Runtime = m.app.Version
	return nil
}

// Command is how to start the server of a mode that has been prepared, on any free port. upstream is the URL that /api asks, or
// NoUpstream.
func (m *Mode) Command(upstream string) (child.Command, error) {
	if !m.foreign {
		return Ours(m.Name, m.Name, upstream), nil
	}
	if upstream == NoUpstream {
		upstream = ""
	}
	c, err := m.app.Command(node.Options{Addr: "127.0.0.1:0", Upstream: upstream, Data: m.data, Loops: 1, Workers: 4})
	return child.Command{Name: m.Name, Path: c.Path, Args: c.Args, Env: c.Env}, err
}

// Ours starts this very tool as a server: only the mode differs between servers that are compared.
func Ours(name, mode, upstream string) child.Command {
	return child.Command{Name: name, Args: []string{"serve", "--mode=" + mode, "--addr=127.0.0.1:0", "--upstream=" + upstream}}
}
