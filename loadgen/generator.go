package loadgen

import (
	"context"
	"fmt"
	"time"
)

// Generator holds the connections to one target from run to run, so that a warm-up and the measured run that follows
// it meet the same connections (a server with a thread for each would otherwise start them all anew, inside the
// measurement). Its runs follow one another; they must not overlap.
//
// As long as it is open, idle CPUs of the machine are kept from sleeping, where the system lets it (see awake): what a CPU
// takes to wake up, tens of microseconds on a virtual machine, would else be in every latency of a load that leaves it pauses.
type Generator struct {
	// Awake says that the CPUs are kept awake: on Linux, as root. Records of which one was made so and the other not differ by
	// what waking costs.
	Awake bool

	attack Attack
	driver driver
	awake  awake
}

// Open prepares an attack: it checks it and fixes the bytes that will be sent. No connection is opened yet. a.Duration
// is not used: each Run has its own.
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

// Close closes the connections.
func (g *Generator) Close() {
	g.driver.close()
	g.awake.end()
}

// Run drives the target for the duration and waits for the answers to what was sent. It returns as the package's Run does.
func (g *Generator) Run(ctx context.Context, duration time.Duration) (*Result, error) {
	if duration <= 0 {
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
	}
	return r, err
}
