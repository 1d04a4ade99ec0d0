package bench

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/servers/workload"
)

// mode is a mode in a plan, shared by all of its slots.
type mode struct {
	servers.Mode         // of a user's server only its name and summary
	user         *Server // nil for the modes of this program and Node.js
}

// command returns how to start the mode's server on any free port, with the database of kept, and
// with so many event loops if it has any.
func (m *mode) command(upstream string, kept *books, loops int) (child.Command, error) {
	if m.user != nil {
		return child.Command{Name: m.Name, Shell: m.user.Command, Probe: m.user.target(workload.All[0])}, nil
	}
	var ledger *workload.Ledger
	if kept != nil {
		ledger = kept.ledger
	}
	return m.Command(upstream, ledger, loops)
}

// header returns what each request has besides its workload's own header.
func (m *mode) header() http.Header {
	h := make(http.Header)
	if m.user != nil && m.user.Login != "" {
		h.Set("Authorization", m.user.Login)
	}
	return h
}

// standing reports whether the server runs already, so that no trial starts it.
func (m *mode) standing() bool { return m.user != nil && m.user.URL != "" }

// target returns the path and query of a workload on the mode's server.
func (m *mode) target(w workload.Workload) string {
	if m.user != nil {
		return m.user.target(w)
	}
	return w.Target
}

// poison returns the path and query of a workload's poison on the mode's server; "" if it has none.
func (m *mode) poison(w workload.Workload) string {
	b, ok := blastNamed(w.Name)
	if !ok || m.user == nil {
		return b.poison.target
	}
	return m.user.asked(cmp.Or(m.user.Paths[w.Name], b.poison.target))
}

// secure reports whether the server speaks TLS.
func (m *mode) secure() bool { return m.user != nil && m.user.Secure() }

// described returns a column in the record's form.
func (m *mode) described(name string) results.Mode {
	d := results.Mode{Name: name, Summary: m.Summary}
	if m.user != nil {
		d.Server = m.user.String()
		if len(m.user.Paths) > 0 {
			d.Targets = maps.Clone(m.user.Paths)
		}
	}
	return d
}

// running is a server to load, either started for it or running before and after.
type running struct {
	url     string // no slash at the end
	connect loadgen.Connect
	sampled sample.Subject // nobody if its figures are not available
	started bool           // by this plan
}

var nobody sample.Subject

// withServer starts the slot's server, calls use, and stops the server. If the server dies, use's
// context is cancelled. A standing server is neither started nor stopped. kept has the database of
// the orders; nil where there are none.
func (p *Plan) withServer(ctx context.Context, s slot, upstream string, kept *books,
	use func(context.Context, running) error) error {
	user := s.mode.user
	if s.mode.standing() {
		r := running{url: user.URL, connect: p.connect(user.URL)}
		if user.PID > 0 {
			r.sampled = sample.Subject{PID: user.PID, Scope: sample.WithTree}
		}
		return use(ctx, r)
	}
	command, err := s.mode.command(upstream, kept, max(s.loops, 1))
	if err != nil {
		return err
	}
	return measure.WithServer(ctx, p.serverCPUs(s), command,
		func(ctx context.Context, process *child.Process) error {
			r := running{url: process.URL, sampled: sample.Subject{PID: process.PID}, started: true}
			switch {
			case user != nil:
				r.sampled.Scope = sample.Below
			case s.loops > 1 && s.mode.Runtime != "": // of Node.js each is a process
				r.sampled.Scope = sample.WithTree
			}
			return use(ctx, r)
		})
}

// Prepare makes all modes ready to start, which may fetch packages and is reported to say. A mode
// that this machine cannot run is left out of the plan and named in the record, and so are a user's
// server that cannot be reached and a workload that it does not serve. Nothing left is an error. A
// private PostgreSQL is started, so that Close must follow.
func (p *Plan) Prepare(ctx context.Context, say func(string)) error {
	if p.apart {
		return p.makeReady(ctx, say)
	}
	err := p.prepareModes(ctx, say)
	if err == nil {
		err = p.probe(ctx, say)
	}
	if err == nil && p.database != nil {
		p.settings.Database, err = p.database.open(ctx)
	}
	if err == nil && len(p.slots) == 0 {
		err = fmt.Errorf("nothing is left to measure: %s", p.settings.Missing[0].Reason)
	}
	return err
}

// Close ends what Prepare started.
func (p *Plan) Close() error { return p.database.close() }

func (p *Plan) prepareModes(ctx context.Context, say func(string)) error {
	var all []*servers.Mode
	for _, s := range p.firstRound() {
		if s.mode.user == nil {
			all = append(all, &s.mode.Mode)
		}
	}
	unable, err := servers.Prepare(ctx, all, say)
	if err != nil {
		return err
	}
	for _, why := range unable {
		p.leaveOut(why.Mode, why, say)
	}
	for i, m := range p.settings.Modes {
		first := slices.IndexFunc(p.slots, func(s slot) bool { return s.name == m.Name })
		if first < 0 { // of no workload: the probe leaves it out
			continue
		}
		if version := p.slots[first].mode.Runtime; version != "" {
			p.settings.Modes[i].Summary += " (" + version + ")"
		}
	}
	return nil
}

// leaveOut removes the columns of a mode from the plan: two if the mode is measured against itself.
func (p *Plan) leaveOut(mode string, why error, say func(string)) {
	say("left out: " + why.Error())
	for _, column := range p.firstRound() {
		if column.mode.Name != mode ||
			slices.ContainsFunc(p.settings.Missing,
				func(m results.Missing) bool { return m.Mode == column.name && m.Workload == "" }) {
			continue
		}
		p.settings.Missing = append(p.settings.Missing, results.Missing{Mode: column.name, Reason: why.Error()})
		p.settings.Modes = slices.DeleteFunc(p.settings.Modes,
			func(m results.Mode) bool { return m.Name == column.name })
		p.slots = slices.DeleteFunc(p.slots, func(s slot) bool { return s.name == column.name })
	}
}
