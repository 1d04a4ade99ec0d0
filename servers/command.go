package servers

import (
	"context"
	"errors"
	"slices"

	"nodecompare/servers/child"
	"nodecompare/servers/node"
	"nodecompare/servers/workload"
)

// Prepare sees to it that the modes can be started as child processes, which may mean to fetch
// packages; say is told of that. It returns those that this machine cannot run, once each: the
// others can go on without them. Without the workloads' data none can.
func Prepare(ctx context.Context, modes []*Mode, say func(string)) (unable []*node.Unavailable, err error) {
	if len(modes) == 0 {
		return nil, nil
	}
	data, err := workload.Data("")
	if err != nil {
		return nil, err
	}
	for i, m := range modes {
		if slices.Contains(modes[:i], m) {
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
	if !m.foreign() {
		return nil
	}
	if m.app, err = node.Prepare(ctx, m.source, "", say); err != nil {
		return err
	}
	m.Runtime = m.app.Version
	return nil
}

// Command returns how to start the server of a mode that has been prepared, on any free port.
// upstream is the URL that /api asks, or NoUpstream; ledger, where orders are written: nil for a
// database of the server's own, which the servers of Node.js do without.
func (m *Mode) Command(upstream string, ledger *workload.Ledger) (child.Command, error) {
	if !m.foreign() {
		c := Ours(m.Name, m.Name, upstream)
		if ledger != nil {
			c.Args = append(c.Args, "--db="+ledger.Database())
		}
		return c, nil
	}
	if upstream == NoUpstream {
		upstream = ""
	}
	o := node.Options{Addr: "127.0.0.1:0", Upstream: upstream, Data: m.data, Loops: 1, Workers: 4}
	if ledger != nil {
		o.Orders = ledger.File
	}
	c, err := m.app.Command(o)
	return child.Command{Name: m.Name, Path: c.Path, Args: c.Args, Env: c.Env}, err
}

// Ours returns how to start this very tool as a server: only the mode differs between servers that
// are compared.
func Ours(name, mode, upstream string) child.Command {
	return child.Command{Name: name,
		Args: []string{"serve", "--mode=" + mode, "--addr=127.0.0.1:0", "--upstream=" + upstream}}
}
