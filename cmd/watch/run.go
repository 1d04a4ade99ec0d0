package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/servers/trace"
	"nodecompare/servers/workload"
)

// Options say what to watch.
type Options struct {
	Scene Scene
	Modes []*servers.Mode
	// Servers are shell lines of a user's own servers, which record nothing.
	Servers []Own
}

// Own is a user's own server.
type Own struct{ Name, Shell string }

// poolSize is the pool mode's, where a scene asks for no other.
const poolSize = 4

// stopTime is how long a server may take to end and to write its trace.
const stopTime = 15 * time.Second

// Run plays the scene to one server after the other, so that none disturbs another. A mode that
// this machine cannot run is named in the trace.
func Run(ctx context.Context, o Options, say func(string)) (t *Trace, err error) {
	t = &Trace{Scene: o.Scene.Name, Summary: o.Scene.Summary, Look: o.Scene.Look, Lesson: o.Scene.Lesson,
		CPUs: runtime.NumCPU()}
	unable, err := servers.Prepare(ctx, o.Modes, say)
	if err != nil {
		return nil, err
	}
	for _, why := range unable {
		t.Missing = append(t.Missing, why.Error())
		o.Modes = slices.DeleteFunc(o.Modes, func(m *servers.Mode) bool { return m.Name == why.Mode })
	}
	if len(o.Modes)+len(o.Servers) == 0 {
		return nil, fmt.Errorf("no mode is left to watch: %w", unable[len(unable)-1])
	}
	dir, err := os.MkdirTemp("", "nodecompare-watch-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the servers' traces: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	each := func(ctx context.Context, upstream string) error {
		for _, m := range o.Modes {
			say("watching " + m.Name)
			one, err := watchMode(ctx, m, o.Scene, upstream, filepath.Join(dir, m.Name))
			if err != nil {
				return fmt.Errorf("watch %s: %w", m.Name, err)
			}
			t.Modes = append(t.Modes, one)
		}
		for _, s := range o.Servers {
			say("watching " + s.Name)
			one, err := playTo(ctx, child.Command{Name: s.Name, Shell: s.Shell}, o.Scene, "")
			if err != nil {
				return fmt.Errorf("watch %s: %w", s.Name, err)
			}
			one.Name, one.Summary = s.Name, "your server"
			one.say()
			t.Modes = append(t.Modes, one)
		}
		return nil
	}
	if !o.Scene.upstream() {
		return t, each(ctx, servers.NoUpstream)
	}
	behind := servers.Ours("upstream", "async", servers.NoUpstream)
	return t, measure.WithServer(ctx, nil, behind, func(ctx context.Context, up *child.Process) error {
		return each(ctx, up.URL+workload.UpstreamPath)
	})
}

// upstream reports whether a request of the scene asks another service.
func (s Scene) upstream() bool {
	return slices.ContainsFunc(s.Requests, func(r Request) bool {
		path, _, _ := strings.Cut(r.Target, "?")
		return slices.ContainsFunc(workload.All, func(w workload.Workload) bool {
			return w.Upstream > 0 && w.Path == path
		})
	})
}

// watchMode starts a mode's server, plays the scene to it, and reads what the server recorded.
func watchMode(ctx context.Context, m *servers.Mode, scene Scene, upstream, file string) (*Mode, error) {
	c, err := m.Command(upstream, nil, 1)
	if err != nil {
		return nil, err
	}
	if c.Path == "" { // this program
		size := poolSize
		if scene.PoolSize > 0 {
			size = scene.PoolSize
		}
		c.Args = append(c.Args, "--trace="+file)
		if m.Name == "pool" {
			c.Args = append(c.Args, "--pool-size="+strconv.Itoa(size))
		}
	}
	c.Env = append(slices.Clone(c.Env), trace.FileVariable+"="+file)
	one, err := playTo(ctx, c, scene, file)
	if err != nil {
		return nil, err
	}
	one.Name, one.Summary = m.Name, m.Summary
	one.say()
	return one, nil
}

// playTo starts a server, plays the scene to it, stops it, and puts both sides' view together.
// Without a file only the clients' is known.
func playTo(ctx context.Context, c child.Command, scene Scene, file string) (m *Mode, err error) {
	p, err := measure.Start(ctx, nil, c)
	if err != nil {
		return nil, err
	}
	var start int64
	var sent []Sent
	var stints map[int][]stint
	if err = warm(ctx, p.URL, scene); err == nil {
		heard, listenErr := listen(p.PID)
		start, sent, err = play(ctx, p.URL, scene)
		if listenErr == nil { // else when a thread had a CPU stays unknown
			stints = heard.onCPU(start, trace.Now())
		}
	}
	if died := p.Err(); died != nil {
		err = died
	}
	stopping, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	if err = errors.Join(err, p.Stop(stopping)); err != nil {
		return nil, err
	}
	var events []trace.Event
	if file != "" {
		if events, err = trace.Load(file); err != nil {
			return nil, err
		}
	}
	m = assemble(scene, start, sent, events)
	m.onCPU(start, stints)
	return m, nil
}
