package loadgen

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"nodecompare/loadgen/sample"
)

// tickInterval is that of the generator's window on itself: only its ends matter there.
const tickInterval = 250 * time.Millisecond

// Measurement is a run with what it cost and what disturbed it.
type Measurement struct {
	Result    *Result
	Generator *sample.Window       // on this process; nil where the system does not tell (ErrUnsupported)
	Cores     int                  // that this process may use at once
	Host      *sample.Interference // over all CPUs
}

// Measure is Run, with a window on this very process, the generator, and on the host around it. An error comes with a
// Measurement where Run would give a Result.
func (g *Generator) Measure(ctx context.Context, duration time.Duration) (*Measurement, error) {
	m := &Measurement{Cores: runtime.GOMAXPROCS(0)}
	before, err := sample.ReadHost(nil)
	if err != nil {
		return nil, fmt.Errorf("load on %s: %w", g.attack.Target.URL, err)
	}
	watcher, err := sample.Watch(os.Getpid(), tickInterval)
	if err != nil && !errors.Is(err, sample.ErrUnsupported) {
		return nil, fmt.Errorf("load on %s: watching the generator: %w", g.attack.Target.URL, err)
	}
	var runErr error
	m.Result, runErr = g.Run(ctx, duration)
	if watcher != nil {
		w, err := watcher.Stop()
		if err != nil {
			return nil, errors.Join(runErr, fmt.Errorf("load on %s: watching the generator: %w", g.attack.Target.URL, err))
		}
		m.Generator = &w
	}
	if m.Result == nil {
		return nil, runErr
	}
	after, err := sample.ReadHost(nil)
	if err != nil {
		return nil, errors.Join(runErr, fmt.Errorf("load on %s: %w", g.attack.Target.URL, err))
	}
	i := after.Since(before)
	m.Host = &i
	return m, runErr
}
