package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"nodecompare/cmd/lookup"
	"nodecompare/cmd/watch"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
	"nodecompare/results/scene"
	"nodecompare/servers"
	"nodecompare/servers/workload"
)

// sceneLimit bounds what a scene takes of one server. A user's own may hang.
const sceneLimit = 15 * time.Second

// sceneFor returns the scene to record before the trials: the one of that name, or with Auto the
// one that shows what the workloads are about; nil for "". A bench of one mode against itself has
// nothing to show, and one on several hosts has its servers elsewhere: they have none with Auto.
func (p *Plan) sceneFor(name string) (*watch.Scene, error) {
	if name == "" || name == Auto && (p.settings.Null || p.apart) {
		return nil, nil
	}
	if name == Auto {
		name = "waits"
		if slices.ContainsFunc(p.slots, func(s slot) bool {
			return s.workload.CPU >= spreadCost || s.mode.poison(s.workload) != ""
		}) {
			name = "mixed" // which has a request that computes
		}
	}
	found, err := lookup.Named("scene", name, watch.Scenes)
	switch {
	case err != nil:
		return nil, err
	case p.apart:
		return nil, errors.New("--scene is for servers of this machine: leave it out, or --agents")
	case p.settings.Null:
		return nil, errors.New("--scene shows modes side by side, and --null has one alone: leave it out, or --null")
	}
	return &found, nil
}

// watched returns what is to be played to which servers, and who is left out.
func (p *Plan) watched() (o watch.Options, missing []string) {
	o = watch.Options{Scene: *p.scene, Ready: true, Limit: sceneLimit}
	for _, m := range p.settings.Modes {
		mode := p.slots[slices.IndexFunc(p.slots, func(s slot) bool { return s.name == m.Name })].mode
		switch {
		case mode.user == nil:
			o.Modes = append(o.Modes, &mode.Mode)
		case mode.secure():
			missing = append(missing, m.Name+": a scene's clients have no TLS")
		default:
			own := watch.Own{Name: m.Name, Adapt: mode.user.adapt}
			if mode.standing() {
				own.URL = mode.user.URL
			} else if command, err := mode.command(servers.NoUpstream, nil, 1); err == nil { // as a user's always is
				own.Command = command
			}
			o.Servers = append(o.Servers, own)
		}
	}
	return o, missing
}

// SceneTakes estimates the time of RecordScene.
func (p *Plan) SceneTakes() time.Duration {
	if p.scene == nil {
		return 0
	}
	o, _ := p.watched()
	return o.Takes()
}

// RecordScene plays the plan's scene to each server, for the record that Run will make. It comes
// before the trials: the page of a bench that goes on then has something to show from its first
// seconds on, and no measured server is beside it. Its servers have all CPUs, as in `watch`. What
// could be recorded is kept, also when the error is not nil.
func (p *Plan) RecordScene(ctx context.Context, say func(string)) error {
	if p.scene == nil {
		return nil
	}
	o, missing := p.watched()
	stops := sample.Stops()
	t, err := watch.Run(ctx, o, say)
	if sample.Stops() != stops && ctx.Err() == nil { // its lanes hold the stop
		t, err = watch.Run(ctx, o, say)
	}
	if err != nil {
		err = fmt.Errorf("record scene %s: %w", p.scene.Name, err)
	}
	if t != nil && len(t.Modes) > 0 {
		t.Missing = append(append(t.Missing, missing...), refusing(t)...)
		t.Compact()
		results.Clean(t) // errors quote servers
		p.recorded = t
	}
	return err
}

// refusing takes the servers out of a scene that have none of its requests, and says who they are.
func refusing(t *scene.Trace) (missing []string) {
	t.Modes = slices.DeleteFunc(t.Modes, func(m *scene.Recording) bool {
		if slices.ContainsFunc(m.Requests, func(l scene.Lane) bool { return l.Status < http.StatusBadRequest }) {
			return false
		}
		l := m.Requests[0]
		missing = append(missing, fmt.Sprintf("%s: it answers %s %s with status %d; --path says where it has a "+
			"scene's requests, as in --path wait=/slow --path cpu=/hash", m.Name, l.Method, l.Path(), l.Status))
		return true
	})
	return missing
}

// adapt makes a scene's request as the user's server has it.
func (s *Server) adapt(r watch.Request) watch.Request {
	path, _, _ := strings.Cut(r.Target, "?")
	for _, w := range workload.All {
		if own := s.Paths[w.Name]; own != "" && w.Path == path {
			r.Target = own
		}
	}
	r.Target = s.asked(r.Target)
	if u, err := url.Parse(s.URL); err == nil { // ParseServers took it
		r.Target = u.EscapedPath() + r.Target
	}
	if s.Login != "" {
		r.Header = http.Header{"Authorization": {s.Login}}
	}
	return r
}
