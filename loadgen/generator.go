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

// Generator keeps the connections to one target from run to run, so that a warm-up and the measured
// run use the same connections. A server with a thread for each connection would otherwise start
// all threads within the measurement. Runs of a Generator must not overlap.
//
// While open, a Generator keeps idle CPUs of the machine from sleeping, if the system permits (see
// awake). Waking a CPU takes tens of microseconds on a virtual machine, which would be in every
// latency of a load with pauses.
type Generator struct {
	// Awake reports whether CPUs are kept awake: on Linux, as root. Records with and without it
	// differ by what waking costs.
	Awake bool

	attack Attack
	driver driver
	awake  awake
}

// Open checks an attack and prepares the bytes to send. Open makes no connection. It ignores
// a.Duration, because each Run has its own; a.Requests bounds each run.
func Open(a Attack) (*Generator, error) {
	a, err := a.prepared()
	if err != nil {
		return nil, err
	}
	e, err := engineNamed(a.Engine)
	if err != nil {
		return nil, err
	}
	if err := checkDescriptors(a); err != nil {
		return nil, err
	}
	d, err := e.open(a)
	if err != nil {
		return nil, err
	}
	w := stayAwake()
	return &Generator{attack: a, driver: d, awake: w, Awake: w.held()}, nil
}

// Close closes the connections. When Close returns, all goroutines of the generator have ended.
func (g *Generator) Close() {
	g.driver.close()
	g.awake.end()
}

// Run drives the target for the duration and waits for the answers to what was sent.
//
// When ctx ends, the load stops at once: requests in flight are aborted, and Run returns the Result
// so far together with ctx's error. Any other error means that the attack is impossible, for
// example because an address cannot be resolved, and comes with a nil Result. A failing or missing
// server gives a Result full of errors instead.
func (g *Generator) Run(ctx context.Context, duration time.Duration) (*Result, error) {
	if duration = g.attack.Lasts(duration); duration <= 0 {
		return nil, fmt.Errorf("load on %s: a duration of %v: it must be more than 0", g.attack.Target.URL, duration)
	}
	var r *Result
	err := ctx.Err()
	if err != nil {
		r = newRecorder(g.attack).result(0)
	} else {
		r, err = g.driver.run(ctx, duration)
	}
	if r != nil {
		r.Duration = duration
		if most := g.attack.Requests; most > 0 && g.attack.Rate == 0 && (r.Requests == most || duration == endless) {
			r.Duration = r.until // the run ends with its last request
			r.Elapsed = max(r.Elapsed, r.until)
			if len(r.Codes) == 0 { // there is no last answer
				r.Elapsed = r.Ended
			}
		}
		if g.attack.Ran != nil {
			g.attack.Ran(r)
		}
	}
	return r, err
}

// tickInterval is that of the generator's window on itself, of which only the ends matter.
const tickInterval = 250 * time.Millisecond

// Measurement is a run with its cost and its disturbances.
type Measurement struct {
	Result    *Result
	Generator *sample.Window       // of this process; nil if not reported (ErrUnsupported)
	Cores     int                  // usable by this process at once
	Host      *sample.Interference // over all CPUs
	Server    *time.Duration       // CPU time of Attack.Server; nil if unknown
	Stopped   bool                 // this process was stopped meanwhile, and went on
}

// Others returns the CPU time used by processes other than generator and server, and the total
// available. Both are 0 if unknown.
func (m *Measurement) Others() (others, all time.Duration) {
	if m.Generator == nil || m.Server == nil || m.Host == nil || !m.Host.StealKnown {
		return 0, 0
	}
	return max(0, m.Host.Ran-m.Generator.CPU-*m.Server), m.Host.Elapsed * time.Duration(m.Host.CPUs)
}

// Measure is Run with a window on this process, the generator, and on the host. An error comes with
// a Measurement if Run returns a Result with it.
func (g *Generator) Measure(ctx context.Context, duration time.Duration) (*Measurement, error) {
	m := &Measurement{Cores: runtime.GOMAXPROCS(0)}
	stops := sample.Stops()
	before, err := sample.ReadHost(nil)
	if err != nil {
		return nil, fmt.Errorf("load on %s: %w", g.attack.Target.URL, err)
	}
	served, err := g.served()
	if err != nil {
		return nil, fmt.Errorf("load on %s: the server's CPU time: %w", g.attack.Target.URL, err)
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
			return nil,
				errors.Join(runErr, fmt.Errorf("load on %s: watching the generator: %w", g.attack.Target.URL, err))
		}
		m.Generator = &w
	}
	if m.Result == nil {
		return nil, runErr
	}
	if served != nil {
		now, err := g.served()
		if err != nil {
			return nil,
				errors.Join(runErr, fmt.Errorf("load on %s: the server's CPU time: %w", g.attack.Target.URL, err))
		}
		if now != nil {
			used := *now - *served
			m.Server = &used
		}
	}
	after, err := sample.ReadHost(nil)
	if err != nil {
		return nil, errors.Join(runErr, fmt.Errorf("load on %s: %w", g.attack.Target.URL, err))
	}
	i := after.Since(before)
	m.Host = &i
	m.Stopped = sample.Stops() != stops
	return m, runErr
}

// served returns the server's CPU time so far; nil if unknown, as for an ended process, which shows
// in the results.
func (g *Generator) served() (*time.Duration, error) {
	if g.attack.Server == nil {
		return nil, nil
	}
	var sum time.Duration
	for _, s := range g.attack.Server {
		used, err := s.CPUTime()
		if errors.Is(err, sample.ErrUnsupported) || errors.Is(err, sample.ErrEnded) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		sum += used
	}
	return &sum, nil
}
