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
	"nodecompare/results/scene"
	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/servers/trace"
	"nodecompare/servers/workload"
)

// Options say what to watch.
type Options struct {
	Scene   Scene
	Modes   []*servers.Mode
	Servers []Own
	// Ready says that the modes are prepared: each can be started.
	Ready bool
	// Limit bounds the time of one server, from its start to its last answer; 0 for no bound.
	Limit time.Duration
}

// Own is a user's own server, which records nothing: a command, or the address of one that runs.
type Own struct {
	Name    string
	Command child.Command
	URL     string                // http://host:port of one that runs already; "" for Command's
	Adapt   func(Request) Request // makes a scene's request as this server has it; nil for no change
}

// usual is the time of a server in a scene with its start, warm-up and stop, of those scenes that
// last for some 300 ms. Those of this program take 0.3 to 0.6 s, and Node.js 0.8 s.
const usual = 600 * time.Millisecond

// Takes estimates the time of Run.
func (o Options) Takes() time.Duration { return time.Duration(len(o.Modes)+len(o.Servers)) * usual }

// poolSize is the pool mode's, where a scene asks for no other.
const poolSize = 4

// stopTime is how long a server may take to end and to write its trace.
const stopTime = 15 * time.Second

// Run plays the scene to one server after the other, so that none disturbs another. A mode that
// this machine cannot run is named in the trace. One that fails is too, and Run goes on: the trace
// has what could be recorded, also when the error is not nil, but for that of having nothing to
// play to. say is told before each server.
func Run(ctx context.Context, o Options, say func(string)) (t *scene.Trace, err error) {
	t = &scene.Trace{Scene: o.Scene.Name, Summary: o.Scene.Summary, Look: o.Scene.Look, Lesson: o.Scene.Lesson,
		Twice: o.Scene.Twice, CPUs: runtime.NumCPU()}
	if !o.Ready {
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
	}
	dir, err := os.MkdirTemp("", "nodecompare-watch-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the servers' traces: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	each := func(ctx context.Context, upstream string) (failed error) {
		add := func(name, summary string, play func(context.Context) (*scene.Recording, error)) {
			if ctx.Err() != nil {
				return
			}
			say("watching " + name)
			one, err := o.limited(ctx, play)
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("watch %s: %w", name, err))
				t.Missing = append(t.Missing, fmt.Sprintf("%s: %v", name, err))
				return
			}
			one.Name, one.Summary = name, summary
			one.Say()
			t.Modes = append(t.Modes, one)
		}
		for _, m := range o.Modes {
			add(m.Name, m.Summary, func(ctx context.Context) (*scene.Recording, error) {
				return watchMode(ctx, m, o.Scene, upstream, filepath.Join(dir, m.Name))
			})
		}
		for _, s := range o.Servers {
			add(s.Name, "your server", func(ctx context.Context) (*scene.Recording, error) {
				return watchOwn(ctx, s, o.Scene.Requests)
			})
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return failed
	}
	if !o.Scene.upstream() {
		return t, each(ctx, servers.NoUpstream)
	}
	behind := servers.Ours("upstream", "async", servers.NoUpstream)
	return t, measure.WithServer(ctx, nil, behind, func(ctx context.Context, up *child.Process) error {
		return each(ctx, up.URL+workload.UpstreamPath)
	})
}

// limited plays within the time that one server has.
func (o Options) limited(ctx context.Context, play func(context.Context) (*scene.Recording, error)) (
	*scene.Recording, error) {
	if o.Limit == 0 {
		return play(ctx)
	}
	within, cancel := context.WithTimeoutCause(ctx, o.Limit, fmt.Errorf("the scene was not over after %v", o.Limit))
	defer cancel()
	r, err := play(within)
	if err != nil && within.Err() != nil {
		err = context.Cause(within)
	}
	return r, err
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

// watchOwn plays requests to a user's own server.
func watchOwn(ctx context.Context, s Own, requests []Request) (*scene.Recording, error) {
	if s.Adapt != nil {
		asked := make([]Request, len(requests))
		for i, r := range requests {
			asked[i] = s.Adapt(r)
		}
		requests = asked
	}
	if s.URL == "" {
		return playTo(ctx, s.Command, requests, "")
	}
	err := warm(ctx, s.URL, requests)
	if err != nil {
		return nil, err
	}
	start, sent, err := play(ctx, s.URL, requests)
	if err != nil {
		return nil, err
	}
	return assemble(requests, start, sent, nil), nil
}

// watchMode starts a mode's server, plays the scene to it, and reads what the server recorded.
func watchMode(ctx context.Context, m *servers.Mode, of Scene, upstream, file string) (*scene.Recording, error) {
	c, err := m.Command(upstream, nil, 1)
	if err != nil {
		return nil, err
	}
	if c.Path == "" { // this program
		size := poolSize
		if of.PoolSize > 0 {
			size = of.PoolSize
		}
		c.Args = append(c.Args, "--trace="+file)
		if m.Name == "pool" {
			c.Args = append(c.Args, "--pool-size="+strconv.Itoa(size))
		}
	}
	c.Env = append(slices.Clone(c.Env), trace.FileVariable+"="+file)
	return playTo(ctx, c, of.Requests, file)
}

// playTo starts a server, plays requests to it, stops it, and puts both sides' view together.
// Without a file only the clients' is known.
func playTo(ctx context.Context, c child.Command, requests []Request, file string) (m *scene.Recording, err error) {
	p, err := measure.Start(ctx, nil, c)
	if err != nil {
		return nil, err
	}
	var start int64
	var sent []Sent
	var stints map[int][]stint
	if err = warm(ctx, p.URL, requests); err == nil {
		heard, listenErr := listen(p.PID)
		start, sent, err = play(ctx, p.URL, requests)
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
	m = assemble(requests, start, sent, events)
	onCPU(m, start, stints)
	return m, nil
}
