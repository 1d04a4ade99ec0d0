package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"nodecompare/cmd/modes"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// probe asks each user's server for each of its workloads once. What it answers with another status than 2xx or 3xx is left out of the
// plan, by name. A server that cannot be started or reached is the user's mistake, and an error before anything is measured.
func (p *Plan) probe(ctx context.Context, say func(string)) error {
	first := p.firstRound()
	for i, s := range first {
		if s.mode.user == nil || slices.ContainsFunc(first[:i], func(other slot) bool { return other.mode == s.mode }) {
			continue
		}
		var its []slot
		for _, other := range first {
			if other.mode == s.mode {
				its = append(its, other)
			}
		}
		if err := p.probeServer(ctx, its, say); err != nil {
			return err
		}
	}
	p.dropEmpty()
	if len(p.slots) == 0 {
		return fmt.Errorf("nothing is left to measure: no server answers any of the workloads; map its routes with --path WORKLOAD=/its/path")
	}
	return nil
}

// probeServer asks one server for all of its slots' workloads.
func (p *Plan) probeServer(ctx context.Context, its []slot, say func(string)) (err error) {
	server, err := p.run(ctx, its[0], modes.NoUpstream)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop(ctx)) }()
	if server.sampled != nobody {
		if _, err := server.sampled.CPUTime(); err != nil && !(errors.Is(err, loadgen.ErrUnsupported) && server.process != nil) {
			return fmt.Errorf("server %s: sample pid %d: %w", its[0].mode.Name, server.sampled.PID, err)
		}
	}
	for _, s := range its {
		target := s.target(server.url)
		status, err := ask(ctx, target)
		if err != nil {
			return fmt.Errorf("server %s: %w", s.mode.Name, err)
		}
		if status >= 200 && status < 400 {
			continue
		}
		reason := fmt.Sprintf("server %s does not serve %s: %s %s answered %d %s; if it has another path for it, give --path %s:%s=/its/path",
			s.mode.Name, s.workload.Name, target.Method, s.mode.target(s.workload), status, http.StatusText(status), s.mode.Name, s.workload.Name)
		say(reason)
		p.dropWorkload(s, reason)
	}
	return nil
}

// ask sends one request as the load will, and gives the answer's status.
func ask(ctx context.Context, t loadgen.Target) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, t.Method, t.URL, bytes.NewReader(t.Body))
	if err != nil {
		return 0, err
	}
	if t.Header != nil {
		q.Header = t.Header.Clone()
	}
	// No proxy from the environment, no redirect followed, no connection that stays.
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	r, err := transport.RoundTrip(q)
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", t.Method, t.URL, err)
	}
	return r.StatusCode, r.Body.Close()
}

// dropWorkload takes a column's trials on a workload out of the plan.
func (p *Plan) dropWorkload(s slot, reason string) {
	p.settings.Missing = append(p.settings.Missing, results.Missing{Mode: s.name, Workload: s.workload.Name, Reason: reason})
	p.slots = slices.DeleteFunc(p.slots, func(other slot) bool { return other.name == s.name && other.workload.Name == s.workload.Name })
}

// dropEmpty takes workloads that nobody serves, and columns that serve nothing, out of the settings.
func (p *Plan) dropEmpty() {
	p.settings.Workloads = slices.DeleteFunc(p.settings.Workloads, func(w results.Workload) bool {
		return !slices.ContainsFunc(p.slots, func(s slot) bool { return s.workload.Name == w.Name })
	})
	p.settings.Modes = slices.DeleteFunc(p.settings.Modes, func(m results.Mode) bool {
		return !slices.ContainsFunc(p.slots, func(s slot) bool { return s.name == m.Name })
	})
}
