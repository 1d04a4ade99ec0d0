// Package measure puts what a load measured before the rules of trust: loadgen and results do not know each other.
package measure

import (
	"time"

	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
)

// From is what is known of one run of an attack. generator is the window on the generator's own process over exactly that
// run, and generatorCores how many cores it may use: those it is pinned to, or all; an engine on one thread counts as one
// core whatever is given. i is what others took of the host meanwhile. nil stands for what is not known: no rule fires on it.
// What only a trial knows (Unsteady) is left to the caller.
func From(a loadgen.Attack, r *loadgen.Result, generator *sample.Window, generatorCores int, i *sample.Interference) results.Evidence {
	sent := r.Requests + r.Aborted
	e := results.Evidence{
		Open: a.Rate > 0, Elapsed: r.Elapsed, Starting: r.Starting,
		Requests: r.Requests, Errors: r.Errors, Recorded: uint64(r.Latency.TotalCount()),
		// A response with an unwanted status or body is a whole one all the same.
		Unanswered: r.Errors - r.ErrorKinds[loadgen.Status] - r.ErrorKinds[loadgen.Body],
		LatencyUS:  Latency(r.Latency),
	}
	if r.Aborted == 0 { // else it was cut short
		e.Duration = r.Duration
	}
	for _, n := range r.ErrorKinds {
		e.ErrorsByKind += n
	}
	for _, n := range r.Codes {
		e.Answers += n
	}
	if e.Open {
		e.Offered, e.Sent = sent+r.Unsent, sent
		e.SendLagUS = micros(r.SendLag.ValueAtQuantile(99))
	} else {
		e.Connections = a.Connections
		e.AlwaysInFlight = a.Engine == loadgen.Loop
	}
	if generator != nil {
		e.Generator = results.Generator{CPU: within(generator, r.Elapsed), Cores: generatorCores}
		if a.Engine == loadgen.Loop {
			e.Generator.Cores = 1
		}
	}
	if i != nil {
		e.CPUs = i.CPUs
		e.Stolen, e.Busy = i.Stolen, i.Busy
		e.Throttles, e.Throttled = i.Throttles, i.Throttled
	}
	return e
}

// within is what of a window's CPU time falls into the run. The window also holds what comes before the first request: that a
// load opens its connections, which may take longer than a short run.
func within(w *sample.Window, run time.Duration) time.Duration {
	if run >= w.Elapsed {
		return w.CPU
	}
	return time.Duration(float64(w.CPU) * float64(run) / float64(w.Elapsed))
}
