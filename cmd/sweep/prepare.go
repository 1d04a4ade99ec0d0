package sweep

import (
	"context"
	"fmt"
	"slices"

	"nodecompare/results"
	"nodecompare/servers"
)

// Prepare makes all modes ready to start, which may fetch packages and is reported to say. A mode
// that this machine cannot run is left out, and named in the map. Fewer than two remaining modes
// are an error.
func (p *Plan) Prepare(ctx context.Context, say func(string)) error {
	missing, err := p.makeReady(ctx, say)
	if err != nil {
		return err
	}
	for _, why := range missing {
		say("left out: " + why.Reason)
		p.settings.Missing = append(p.settings.Missing, why)
		p.settings.Modes = slices.DeleteFunc(p.settings.Modes, func(m results.Mode) bool { return m.Name == why.Mode })
		p.modes = slices.DeleteFunc(p.modes, func(m *servers.Mode) bool { return m.Name == why.Mode })
	}
	if len(p.modes) < 2 {
		return fmt.Errorf("fewer than two modes are left to compare: %s", missing[len(missing)-1].Reason)
	}
	return nil
}

// makeReady makes the modes ready where they are to run, and returns those that cannot.
func (p *Plan) makeReady(ctx context.Context, say func(string)) (missing []results.Missing, err error) {
	if p.hosts == nil {
		unable, err := servers.Prepare(ctx, p.modes, say)
		for _, why := range unable {
			missing = append(missing, results.Missing{Mode: why.Mode, Reason: why.Error()})
		}
		return missing, err
	}
	var names []string
	for _, m := range p.modes {
		names = append(names, m.Name)
	}
	all, err := p.hosts.MakeReady(ctx, names, say)
	for _, r := range all {
		if r.Missing != "" {
			missing = append(missing, results.Missing{Mode: r.Mode, Reason: r.Missing})
		}
	}
	return missing, err
}
