package sweep

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"nodecompare/cmd/hosts"
	"nodecompare/cmd/measure"
	"nodecompare/results"
	"nodecompare/results/unit"
)

// Run makes the map and reports each round to say. When ctx ends, Run stops at once, leaves no
// child behind, and returns the map so far, marked as partial, with ctx's error. A failed server is
// named in the map, and has no further runs in that round. A lost host makes a run VOID and is
// awaited; if it does not come back, that ends the map as ctx would. If this process cannot be
// pinned, there is no map.
func Run(ctx context.Context, p *Plan, say func(string)) (*results.Map, error) {
	began := time.Now()
	m := &results.Map{
		Tool: results.Tool, MapVersion: results.MapVersion, ToolVersion: measure.ToolVersion(),
		Started: began.UTC().Truncate(time.Millisecond), Host: measure.Host(), Settings: p.settings,
		Runs: []results.MapRun{},
	}
	var tally hosts.Tally
	var over error
	err := measure.Pinned(p.split, func() error {
		random := rand.New(rand.NewPCG(p.settings.Seed, 0))
		for n := 1; n <= p.settings.Rounds && ctx.Err() == nil && over == nil; n++ {
			left := p.Duration() * time.Duration(p.settings.Rounds+1-n) / time.Duration(p.settings.Rounds)
			say(fmt.Sprintf("round %d of %d; %s", n, p.settings.Rounds, unit.Elapsed(time.Since(began), left)))
			r := round{plan: p, number: n, into: m, say: say, tally: &tally}
			over = r.run(ctx, p.order(random), random)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	m.ElapsedS = float64(time.Since(began).Milliseconds()) / 1e3
	m.Partial = ctx.Err() != nil || over != nil
	if m.Hosts = tally; len(m.Hosts) > 0 {
		m.Host, m.Reduced = m.Hosts[0].Host, reduced
	}
	m.Judge()
	if ctx.Err() != nil {
		over = nil // a consequence of ctx's end
	}
	return m, errors.Join(context.Cause(ctx), over)
}

// Failed returns an error if a server failed.
func Failed(m *results.Map) error {
	if len(m.Failures) > 0 {
		return fmt.Errorf("%s: see the lines marked FAILED", unit.Counted(len(m.Failures), "run")+" failed")
	}
	return nil
}
