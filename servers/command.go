package servers

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"nodecompare/servers/child"
	"nodecompare/servers/node"
	"nodecompare/servers/postgres"
	"nodecompare/servers/workload"
)

// Prepare makes the modes ready to start as child processes, which may fetch packages and is
// reported to say. It returns the modes that this machine cannot run, each once; the others can go
// on. Without the workloads' data no mode can, which is the error.
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
	source := m.source
	if m.Postgres || m.Chat {
		source = source.WithPackages()
	}
	if m.app, err = node.Prepare(ctx, source, "", say); err != nil {
		return err
	}
	if m.data, err = dataForNode(); err != nil {
		return err
	}
	m.Runtime = m.app.Version
	return nil
}

// Command returns how to start the server of a prepared mode on any free port. upstream is the URL
// that /api requests, or NoUpstream. ledger is the database; nil for SQLite, with orders of the
// server's own, which the servers of Node.js do without. loops is the number of event loops, or of
// processes in Node.js's cluster, if the mode has any.
func (m *Mode) Command(upstream string, ledger *workload.Ledger, loops int) (child.Command, error) {
	if !m.foreign() {
		c := Ours(m.Name, m.Name, upstream)
		if loops > 1 && m.Loops() {
			c.Args = append(c.Args, "--loops="+strconv.Itoa(loops))
		}
		if ledger != nil {
			c.Args, c.Env = append(c.Args, "--db="+ledger.Database()), ledger.Env()
		}
		if ledger != nil && ledger.Connections > 0 {
			c.Args = append(c.Args, "--db-connections="+strconv.Itoa(ledger.Connections))
		}
		return c, nil
	}
	if upstream == NoUpstream {
		upstream = ""
	}
	o := node.Options{Addr: "127.0.0.1:0", Upstream: upstream, Data: m.data, Loops: loops, Workers: 4}
	if ledger != nil {
		o.Database, o.Env = ledger.Database(), ledger.Env()
		o.Connections = cmp.Or(ledger.Connections, postgres.DefaultConnections)
	}
	c, err := m.app.Command(o)
	return child.Command{Name: m.Name, Path: c.Path, Args: c.Args, Env: c.Env}, err
}

// Ours returns how to start this program as a server. Compared servers of ours differ in the mode
// alone.
func Ours(name, mode, upstream string) child.Command {
	return child.Command{Name: name,
		Args: []string{"serve", "--mode=" + mode, "--addr=127.0.0.1:0", "--upstream=" + upstream}}
}
