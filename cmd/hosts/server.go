package hosts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"nodecompare/cluster"
)

// Check rejects what is asked of the one machine of a measurement without agents: where servers and
// load are bound to, as in --pin, and the threads of the load.
func Check(pin string, loadThreads int) error {
	switch {
	case pin != "auto" && pin != "off":
		return errors.New("--pin is for servers and load of one machine: leave it out, or --agents")
	case loadThreads != 0:
		return errors.New("--load-threads is for the load of this machine: with --agents each host has one a CPU")
	}
	return nil
}

// Parting returns a context in which servers are stopped and connections closed, also when ctx has
// ended.
func Parting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), partingTime)
}

// partingTime bounds that.
const partingTime = 5 * time.Second

// Group are the hosts of a measurement: one that serves, of a bench, and those that make load. Any
// may be lost, and come back under its name.
type Group struct {
	Coordinator *cluster.Coordinator
	Loads       int  // hosts that make load
	Serving     bool // one more runs the servers
}

// returnTime is how long a lost host is awaited.
const returnTime = time.Minute

// Now returns the members of the group. It waits for one that is missing, which is reported to say,
// and gives up after a minute.
func (g *Group) Now(ctx context.Context, say func(string)) (server *cluster.Agent, loads []*cluster.Agent, err error) {
	waiting, stop := context.WithTimeoutCause(ctx, returnTime, errGone)
	defer stop()
	all, err := g.Coordinator.Await(waiting, g.Whole, func(all []*cluster.Agent) {
		if !g.Whole(all) {
			say(fmt.Sprintf("waiting for a lost host, for a minute at the most: %d of %d are here", len(g.Of(all)),
				g.size()))
		}
	})
	if err != nil {
		return nil, nil, err
	}
	server, loads = g.roles(all)
	return server, loads, nil
}

var errGone = fmt.Errorf("a host that was lost has not come back within %v: start its agent again", returnTime)

// Of returns the members of the group among the agents, the serving one first.
func (g *Group) Of(all []*cluster.Agent) []*cluster.Agent {
	server, loads := g.roles(all)
	if server != nil {
		loads = append([]*cluster.Agent{server}, loads...)
	}
	return loads
}

// roles divides agents by their roles, as many of each as the group has; server is nil without one.
func (g *Group) roles(all []*cluster.Agent) (server *cluster.Agent, loads []*cluster.Agent) {
	for _, a := range all {
		switch {
		case a.Role == cluster.Server && g.Serving && server == nil:
			server = a
		case a.Role == cluster.Load && len(loads) < g.Loads:
			loads = append(loads, a)
		}
	}
	return server, loads
}

// size returns the number of the group's hosts.
func (g *Group) size() int {
	if g.Serving {
		return g.Loads + 1
	}
	return g.Loads
}

// Whole reports whether agents suffice for the group.
func (g *Group) Whole(all []*cluster.Agent) bool {
	return len(g.Of(all)) == g.size()
}

// MakeReady makes modes ready to start on the serving host.
func (g *Group) MakeReady(ctx context.Context, modes []string, say func(string)) ([]Ready, error) {
	server, _, err := g.Now(ctx, say)
	if err != nil {
		return nil, err
	}
	var all []Ready
	if err := ask(ctx, server, readyVerb, modes, &all); err != nil {
		return nil, err
	}
	for _, name := range modes {
		if !slices.ContainsFunc(all, func(r Ready) bool { return r.Mode == name }) {
			return nil, fmt.Errorf("%s says nothing of mode %s", server.Name, name)
		}
	}
	return all, nil
}

// ask has one host do a job. A lost host is a *Voided.
func ask(ctx context.Context, a *cluster.Agent, verb string, in, out any) error {
	return each(ctx, 1, func(ctx context.Context, _ int) error { return a.Ask(ctx, verb, in, out) })
}

// Server is a server on another host.
type Server struct {
	Agent *cluster.Agent
	URL   string // no slash at the end

	mode string
}

// Serve starts a server on a host.
func Serve(ctx context.Context, a *cluster.Agent, j Job) (*Server, error) {
	var at begun
	if err := ask(ctx, a, serveVerb, j, &at); err != nil {
		return nil, err
	}
	return &Server{a, "http://" + net.JoinHostPort(a.Address, strconv.Itoa(at.Port)), j.Mode}, nil
}

// Stop stops the server.
func (s *Server) Stop(ctx context.Context) error {
	var nothing any
	return ask(ctx, s.Agent, stopVerb, s.mode, &nothing)
}

// watch has the server watched from the start until done is closed.
func (s *Server) watch(ctx context.Context, at time.Time, done <-chan struct{}) (*Watched, error) {
	var w Watched
	err := each(ctx, 2, func(ctx context.Context, i int) error {
		if i == 0 {
			return s.Agent.Ask(ctx, watchVerb, sight{start{At: at.Add(s.Agent.Offset).UnixNano()}, s.mode}, &w)
		}
		select {
		case <-done:
		case <-ctx.Done():
			return nil // the other says why
		}
		var nothing any
		return s.Agent.Ask(ctx, seenVerb, nil, &nothing)
	})
	if err == nil && w.Late > 0 {
		err = tooLate(s.Agent, w.Late)
	}
	return &w, err
}
