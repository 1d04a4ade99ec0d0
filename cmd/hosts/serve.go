package hosts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"nodecompare/cmd/lookup"
	"nodecompare/cmd/measure"
	"nodecompare/loadgen/sample"
	"nodecompare/servers"
	"nodecompare/servers/child"
)

// Verbs of the jobs of an agent that runs servers.
const (
	readyVerb = "make modes ready"
	serveVerb = "start a server"
	watchVerb = "watch the server"
	seenVerb  = "end the watch"
	stopVerb  = "stop the server"
)

// Job says which server to start: a mode of this program, or a user's command line.
type Job struct {
	Mode   string `json:"mode"`   // or the user's name for the command
	Beside bool   `json:"beside"` // other modes that were started go on; else they are stopped

	Command string `json:"command,omitempty"` // for sh -c, with PORT in its environment; "" for a mode
	Probe   string `json:"probe,omitempty"`   // the path that a command's server answers when it is ready
}

// Ready is what became of a mode that was made ready.
type Ready struct {
	Mode    string `json:"mode"`
	Runtime string `json:"runtime,omitempty"` // e.g. the version of Node.js
	Missing string `json:"missing,omitempty"` // why it cannot run there
}

// sight is the start of a watch on a server.
type sight struct {
	start
	Mode string `json:"mode"`
}

// begun is a started server.
type begun struct {
	Port int `json:"port"`
}

// Watched is what a server, and its host, used beside a run of load.
type Watched struct {
	Late    time.Duration        `json:"late"` // it heard of the start too late, by this, and did not watch
	Server  *sample.Window       `json:"server"`
	Host    measure.Interference `json:"host"`
	Cores   int                  `json:"cores"` // usable by the server
	Network measure.Network      `json:"network"`
}

// sampleInterval is that of the server's window.
const sampleInterval = 20 * time.Millisecond

// stopTime is how long a server has from SIGTERM to SIGKILL.
const stopTime = time.Second

// ServerWorker runs servers for a coordinator, as processes of their own.
type ServerWorker struct {
	Commands bool // runs users' command lines
	Say      func(string)

	mu      sync.Mutex
	servers map[string]served // that run, by their modes
	seen    chan struct{}     // closed at the end of a watch; nil without one
}

// served is a running server.
type served struct {
	*child.Process
	subject sample.Subject
}

// Do does one job.
func (w *ServerWorker) Do(ctx context.Context, verb string, in []byte) (any, error) {
	switch verb {
	case readyVerb:
		return do(ctx, "modes that are none", in, w.ready)
	case serveVerb:
		return do(ctx, "a server that is none", in, w.serve)
	case watchVerb:
		return do(ctx, "a start that is none", in, w.watch)
	case seenVerb:
		w.mu.Lock()
		defer w.mu.Unlock()
		w.endWatch()
		return nil, nil
	case stopVerb:
		return do(ctx, "a mode that is none", in, func(ctx context.Context, mode string) (any, error) {
			return nil, w.stop(ctx, mode)
		})
	}
	return nil, fmt.Errorf("%.40q is no job of an agent that runs servers", verb)
}

// ready makes modes ready to start, which may fetch packages.
func (w *ServerWorker) ready(ctx context.Context, names []string) ([]Ready, error) {
	var modes []*servers.Mode
	for _, name := range names {
		m, err := modeNamed(name)
		if err != nil {
			return nil, err
		}
		modes = append(modes, m)
	}
	unable, err := servers.Prepare(ctx, modes, w.Say)
	if err != nil {
		return nil, err
	}
	var all []Ready
	for _, m := range modes {
		all = append(all, Ready{Mode: m.Name, Runtime: m.Runtime})
	}
	for _, why := range unable {
		i := slices.IndexFunc(all, func(r Ready) bool { return r.Mode == why.Mode })
		all[i].Missing = why.Error()
	}
	return all, nil
}

// modeNamed returns a mode of the table, as it was made ready.
func modeNamed(name string) (*servers.Mode, error) {
	i := slices.IndexFunc(servers.Modes, func(m servers.Mode) bool { return m.Name == name })
	if i < 0 {
		_, err := lookup.Named("mode", name, servers.Modes)
		return nil, err
	}
	return &servers.Modes[i], nil
}

// errCommand says that this agent runs no command lines.
var errCommand = errors.New("it runs no command lines: start it with --allow-commands, if whoever holds the token " +
	"may run any command there")

// serve starts a server, on all addresses of this machine.
func (w *ServerWorker) serve(ctx context.Context, j Job) (begun, error) {
	leaving := ""
	if j.Beside {
		leaving = j.Mode
	}
	if err := w.stop(ctx, leaving); err != nil {
		return begun{}, err
	}
	command := child.Command{Name: j.Mode, Shell: j.Command, Probe: j.Probe}
	scope := sample.Below // the guard is not the server
	if j.Command == "" {
		m, err := modeNamed(j.Mode)
		if err != nil {
			return begun{}, err
		}
		if command, err = m.Command(servers.NoUpstream, nil, 1); err != nil {
			return begun{}, err
		}
		command, scope = servers.Reachable(command), sample.Alone
	} else if !w.Commands {
		return begun{}, errCommand
	}
	p, err := child.Start(ctx, command)
	if err != nil {
		return begun{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.servers == nil {
		w.servers = map[string]served{}
	}
	w.servers[j.Mode] = served{p, sample.Subject{PID: p.PID, Scope: scope}}
	return begun{p.Port}, nil
}

// watch waits for the start, and samples the server and the host until the watch is ended. The
// server's end is an error at once.
func (w *ServerWorker) watch(ctx context.Context, s sight) (Watched, error) {
	w.mu.Lock()
	p, ok := w.servers[s.Mode]
	w.endWatch()
	seen := make(chan struct{})
	w.seen = seen
	w.mu.Unlock()
	if !ok {
		return Watched{}, fmt.Errorf("no server of %.40q was started", s.Mode)
	}
	if late, err := s.await(ctx); late > 0 || err != nil {
		return Watched{Late: late}, err
	}
	before, err := measure.ReadHostUsage(nil, sample.Subject{PID: os.Getpid()})
	if err != nil {
		return Watched{}, err
	}
	wire, err := measure.ReadNetwork()
	if err != nil {
		return Watched{}, err
	}
	watcher, err := p.subject.Watch(sampleInterval)
	if err != nil && !errors.Is(err, sample.ErrUnsupported) {
		return Watched{}, errors.Join(p.Err(), err)
	}
	var ended error
	select {
	case <-seen:
	case <-p.Done():
		ended = p.Err()
	case <-ctx.Done():
		ended = context.Cause(ctx)
	}
	all := Watched{Cores: runtime.NumCPU()}
	if watcher != nil {
		window, err := watcher.Stop()
		if ended == nil && err != nil {
			ended = err
		}
		all.Server = &window
	}
	if ended != nil {
		return Watched{}, ended
	}
	after, err := measure.ReadHostUsage(nil, sample.Subject{PID: os.Getpid()})
	if err != nil {
		return Watched{}, err
	}
	wireAfter, err := measure.ReadNetwork()
	all.Host, all.Network = after.Since(before), wireAfter.Since(wire)
	return all, err
}

// endWatch ends a watch, if there is one. w.mu is held.
func (w *ServerWorker) endWatch() {
	if w.seen != nil {
		close(w.seen)
		w.seen = nil
	}
}

// stop stops a mode's server, if one runs, or those of all modes with "": by SIGTERM first, or at
// once if ctx has ended.
func (w *ServerWorker) stop(ctx context.Context, mode string) error {
	w.mu.Lock()
	stopped := map[string]served{}
	for name, p := range w.servers {
		if mode == "" || name == mode {
			stopped[name] = p
			delete(w.servers, name)
		}
	}
	w.endWatch()
	w.mu.Unlock()
	stopping, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	var err error
	for _, p := range stopped {
		err = errors.Join(err, p.Stop(stopping))
	}
	return err
}

// Close stops what runs. Its jobs end with their contexts, before.
func (w *ServerWorker) Close() {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.stop(over, ""); err != nil {
		w.Say(err.Error())
	}
}
