package load

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"nodecompare/cluster"
	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

const (
	// LeastAgents is the shortest load of several hosts, beside which a difference of clocks and
	// starts is nothing.
	LeastAgents = 2 * time.Second
	// agentRamp is the load before the load, in which connections are made.
	agentRamp = 500 * time.Millisecond
	// startMargin is from the order to begin until the beginning, beside ten round trips.
	startMargin = 300 * time.Millisecond
	// leastOverlap is the share of the time that any host sends in which all must.
	leastOverlap = 0.98
	// fullyBusy is the share of CPU time from which a host is at its limit.
	fullyBusy = 0.9
)

// reduced says how a load's figures follow from those of its hosts.
var reduced = map[string]string{
	"requests": "sum", "errors": "sum", "codes": "sum", "unsent": "sum", "retries": "sum", "bytes_in": "sum",
	"connections": "sum", "load_threads": "sum", "offered_rps": "sum", "duration_s": "maximum",
	"rate_rps":   "sum of requests over the maximum of durations",
	"latency_us": "merged histograms", "uncorrected_us": "merged histograms", "send_lag_us": "merged histograms",
	"generator_cpu_us_per_request": "sum of CPU time over the sum of requests",
}

// Voided says that nothing came of a load, since one of its hosts was not there for all of it.
type Voided struct{ Why string }

func (v *Voided) Error() string { return "VOID: " + v.Why }

// shares splits a load among hosts. Each has at least one connection.
func shares(a loadgen.Attack, n int) []portion {
	all := make([]portion, n)
	for i := range all {
		all[i] = portion{Target: a.Target, Connections: (a.Connections + n - 1 - i) / n, Rate: a.Rate / float64(n),
			Timeout: a.Timeout, Engine: a.Engine, Threads: a.Threads, Protocol: a.Connect.Protocol,
			Streams: a.Connect.Streams, New: a.Connect.New, Follow: a.Follow, Ramp: agentRamp}
	}
	return all
}

// RunOn puts one load on the target from several hosts at once. A host that is lost, or hears of
// the start too late, makes it VOID, which is a *Voided.
func RunOn(ctx context.Context, agents []*cluster.Agent, a loadgen.Attack) (*results.LoadRun, error) {
	if a.Connections < len(agents) {
		return nil, fmt.Errorf("%d connections for %d hosts: give each at least one", a.Connections, len(agents))
	}
	parts, ready := shares(a, len(agents)), make([]prepared, len(agents))
	if err := each(ctx, agents, func(ctx context.Context, i int) error {
		return agents[i].Ask(ctx, prepareVerb, parts[i], &ready[i])
	}); err != nil {
		return nil, err
	}
	margin := startMargin
	for _, h := range agents {
		margin = max(margin, startMargin+10*h.RoundTrip)
	}
	at := time.Now().Round(0).Add(margin)
	all := make([]ran, len(agents))
	if err := each(ctx, agents, func(ctx context.Context, i int) error {
		err := agents[i].Ask(ctx, runVerb, start{at.Add(agents[i].Offset).UnixNano(), a.Duration}, &all[i])
		if err == nil && all[i].Late > 0 {
			late := all[i].Late.Round(time.Microsecond)
			err = &Voided{fmt.Sprintf("%s heard of the start %v too late", agents[i].Name, late)}
		}
		return err
	}); err != nil {
		return nil, err
	}
	for i := range ready {
		parts[i].Threads, parts[i].Protocol = ready[i].Threads, ready[i].Protocol
		a.Connect.Protocol = ready[i].Protocol
	}
	return together(a, agents, parts, all, at)
}

// each asks all hosts at once. The first error ends the others' jobs; a lost host makes it VOID.
func each(ctx context.Context, agents []*cluster.Agent, ask func(ctx context.Context, i int) error) error {
	asking, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	for i := range agents {
		all.Go(func() {
			if err := ask(asking, i); err != nil {
				stop(err)
			}
		})
	}
	all.Wait()
	err := context.Cause(asking)
	if lost, ok := errors.AsType[*cluster.LostError](err); ok {
		return &Voided{lost.Error()}
	}
	return err
}

// together makes one run of the parts.
func together(a loadgen.Attack, agents []*cluster.Agent, parts []portion, all []ran, at time.Time) (*results.LoadRun,
	error) {
	trust := results.Trust{Status: results.Valid, Reasons: []string{}}
	var whole []*loadgen.Result
	var hosts []results.LoadHost
	var of []float64
	var spent time.Duration
	first, last := time.Duration(1<<62), -time.Duration(1<<62) // the latest beginning, and so on, from at
	least, most := time.Duration(1<<62), -time.Duration(1<<62)
	threads := 0
	for i, x := range all {
		h := agents[i]
		r, err := x.Result.Unpack()
		if err != nil {
			return nil, &Voided{fmt.Sprintf("the result of %s is not whole: %v", h.Name, err)}
		}
		began := time.Unix(0, x.Began).Sub(at.Add(h.Offset))
		first, last = min(first, began-h.Uncertainty), max(last, began+h.Uncertainty)
		least, most = min(least, began+r.Duration-h.Uncertainty), max(most, began+r.Duration+h.Uncertainty)
		m := &loadgen.Measurement{Result: r, Generator: x.Generator, Cores: x.Cores, Host: x.Host, Server: x.Server}
		part := parts[i].attack()
		its := results.Weigh(measure.Evidence(part, m))
		for k, reason := range its.Reasons {
			its.Reasons[k] = h.Name + ": " + reason
		}
		trust = trust.And(its)
		hosts = append(hosts, describeHost(h, part, m, began, x.Network))
		of = append(of, float64(part.Connections)/float64(a.Connections))
		threads += hosts[i].LoadThreads
		if x.Generator != nil {
			spent += x.Generator.CPU
		}
		whole = append(whole, r)
	}
	a.Threads = threads
	run := figures(a, &loadgen.Measurement{Result: loadgen.Together(whole, of)}, nil, at)
	run.Trust, run.Hosts, run.Reduced = run.Trust.And(trust), hosts, reduced
	run.Trust.Rules = unique(run.Trust.Rules)
	if run.Requests > 0 && spent > 0 {
		cpu := float64(spent.Nanoseconds()) / 1e3 / float64(run.Requests)
		run.GeneratorCPUUS = &cpu
	}
	if overlap := float64(least-last) / float64(most-first); len(all) > 1 && overlap < leastOverlap {
		run.Trust = run.Trust.And(results.Trust{Status: results.Void, Reasons: []string{fmt.Sprintf(
			"the hosts sent at the same time for only %.1f%% of the load, and %.0f%% is the least: a longer one helps",
			100*max(overlap, 0), 100*leastOverlap)}})
	}
	return run, nil
}

func unique(all []string) (kept []string) {
	seen := map[string]bool{}
	for _, one := range all {
		if !seen[one] {
			seen[one], kept = true, append(kept, one)
		}
	}
	return kept
}

// describeHost returns a host's block in the results.
func describeHost(h *cluster.Agent, a loadgen.Attack, m *loadgen.Measurement, began time.Duration,
	network measure.Network) results.LoadHost {
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
	r := m.Result
	b := results.LoadHost{
		Name: h.Name, Role: h.Role, Host: h.Host, ToolVersion: h.Version,
		ClockOffsetUS: us(h.Offset), ClockUncertaintyUS: us(h.Uncertainty), RoundTripUS: us(h.RoundTrip),
		BeganUS: us(began), Connections: a.Connections, Requests: r.Requests, Errors: r.Errors,
		LatencyUS: measure.Latency(r.Latency),
	}
	if a.Engine == loadgen.Loop {
		b.LoadThreads = min(max(a.Threads, 1), a.Connections)
	}
	if s := r.Elapsed.Seconds(); s > 0 {
		b.RateRPS = float64(r.Requests-r.Errors) / s
	}
	usable := float64(m.Cores)
	if m.Generator != nil && m.Generator.Elapsed > 0 {
		b.GeneratorCPU = m.Generator.CPU.Seconds() / m.Generator.Elapsed.Seconds()
		if b.LoadThreads > 0 {
			usable = min(usable, float64(b.LoadThreads))
		}
		b.AtLimit = b.GeneratorCPU > fullyBusy*usable
	}
	if i := m.Host; i != nil && i.StealKnown && i.Elapsed > 0 && i.CPUs > 0 {
		b.Busy = i.Busy.Seconds() / (i.Elapsed.Seconds() * float64(i.CPUs))
		b.AtLimit = b.AtLimit || b.Busy > fullyBusy
	}
	if s := network.For.Seconds(); s > 0 {
		b.InBPS, b.OutBPS = float64(network.In)/s, float64(network.Out)/s
	}
	return b
}

// Names joins the names of agents.
func Names(all []*cluster.Agent) string {
	var names []string
	for _, h := range all {
		names = append(names, h.Name)
	}
	return strings.Join(names, ", ")
}
