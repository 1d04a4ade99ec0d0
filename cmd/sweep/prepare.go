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
	unable, err := servers.Prepare(ctx, p.modes, say)
	if err != nil {
		return err
	}
	for _, why := range unable {
		say("left out: " + why.Error())
		p.settings.Missing = append(p.settings.Missing, results.Missing{Mode: why.Mode, Reason: why.Error()})
		p.settings.Modes = slices.DeleteFunc(p.settings.Modes, func(m results.Mode) bool { return m.Name == why.Mode })
		p.modes = slices.DeleteFunc(p.modes, func(m *servers.Mode) bool { return m.Name == why.Mode })
	}
	if len(p.modes) < 2 {
		return fmt.Errorf("fewer than two modes are left to compare: %w", unable[len(unable)-1])
	}
	return nil
}
