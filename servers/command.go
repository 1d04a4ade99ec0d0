package servers

import (
	"context"
	"errors"
	"slices"

	"nodecompare/servers/child"
	"nodecompare/servers/node"
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
	if m.app, err = node.Prepare(ctx, m.source, "", say); err != nil {
		return err
	}
	m.Runtime = m.app.Version
	return nil
}

// Command returns how to start the server of a prepared mode on any free port. upstream is the URL
// that /api requests, or NoUpstream.
func (m *Mode) Command(upstream string) (child.Command, error) {
	if !m.foreign() {
		return Ours(m.Name, m.Name, upstream), nil
	}
	if upstream == NoUpstream {
		upstream = ""
	}
	c, err := m.app.Command(node.Options{Addr: "127.0.0.1:0", Upstream: upstream, Data: m.data, Loops: 1, Workers: 4})
	return child.Command{Name: m.Name, Path: c.Path, Args: c.Args, Env: c.Env}, err
}

// Ours returns how to start this program as a server. Compared servers of ours differ in the mode
// alone.
func Ours(name, mode, upstream string) child.Command {
	return child.Command{Name: name,
		Args: []string{"serve", "--mode=" + mode, "--addr=127.0.0.1:0", "--upstream=" + upstream}}
}
