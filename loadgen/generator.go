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

// Generator holds the connections to one target from run to run, so that a warm-up and the measured
// run that follows it meet the same connections (a server with a thread for each would otherwise
// start them all anew, inside the measurement). Its runs follow one another; they must not overlap.
//
// As long as it is open, idle CPUs of the machine are kept from sleeping, where the system lets it
// (see awake): what a CPU takes to wake up, tens of microseconds on a virtual machine, would else
// be in every latency of a load that leaves it pauses.
type Generator struct {
	// Awake says that the CPUs are kept awake: on Linux, as root. Records of which one was made so
	// and the other not differ by what waking costs.
	Awake bool

	attack Attack
	driver driver
	awake  awake
}

// Open prepares an attack: it checks it and fixes the bytes that will be sent. No connection is
// opened yet. a.Duration is not used: each Run has its own, and a.Requests bounds each of them.
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

// Close closes the connections. Every goroutine of the generator has ended when it returns.
func (g *Generator) Close() {
	g.driver.close()
	g.awake.end()
}

// Run drives the target for the duration and waits for the answers to what was sent.
//
// When ctx ends, the load stops at once: requests in flight are aborted, and Run returns what was
// measured until then together with ctx's error. Any other error means that the attack itself is
// impossible (an address that cannot be found, say) and comes with a nil Result: a server that
// fails or is not there is a Result full of errors.
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
			r.Duration = r.until // with the last request all of it was over
		}
		if g.attack.Ran != nil {
			g.attack.Ran(r)
		}
	}
	return r, err
}

// tickInterval is that of the generator's window on itself: only its ends matter there.
const tickInterval = 250 * time.Millisecond

// Measurement is a run with what it cost and what disturbed it.
type Measurement struct {
	Result    *Result
	Generator *sample.Window       // on this process; nil where the system does not tell (ErrUnsupported)
	Cores     int                  // that this process may use at once
	Host      *sample.Interference // over all CPUs
	Server    *time.Duration       // CPU time of Attack.Server; nil where that, or the system, does not tell
}

// Others returns the CPU time that was had by processes which are neither the generator nor the
// server, and all that there was. Both are 0 where it is not known.
func (m *Measurement) Others() (others, all time.Duration) {
	if m.Generator == nil || m.Server == nil || m.Host == nil || !m.Host.StealKnown {
		return 0, 0
	}
	return max(0, m.Host.Ran-m.Generator.CPU-*m.Server), m.Host.Elapsed * time.Duration(m.Host.CPUs)
}

// Measure is Run, with a window on this very process, the generator, and on the host around it. An
// error comes with a Measurement where Run would give a Result.
func (g *Generator) Measure(ctx context.Context, duration time.Duration) (*Measurement, error) {
	m := &Measurement{Cores: runtime.GOMAXPROCS(0)}
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
	return m, runErr
}

// served is the CPU time that the server has used so far; nil where it is not known, as of one that
// has ended: that is a matter of the results.
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
