package hosts

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"nodecompare/cluster"
	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
)

const (
	// Least is the shortest load of several hosts, beside which a difference of clocks and starts
	// is nothing.
	Least = 2 * time.Second
	// ramp is the load before the load, in which connections are made.
	ramp = 500 * time.Millisecond
	// startMargin is from the order to begin until the beginning, beside ten round trips.
	startMargin = 300 * time.Millisecond
	// leastOverlap is the share of the time that any host sends in which all must.
	leastOverlap = 0.98
	// phaseShare is one over the part of a run within which all hosts of an open load begin.
	phaseShare = 20
	// fullyBusy is the share of CPU time from which a host is at its limit.
	fullyBusy = 0.9
	// clocksAtOnce bounds how many clocks are compared at the same time: each delays the others.
	clocksAtOnce = 4

	// Begin is the usual time of a run besides its load: clocks, and a common start.
	Begin = 400 * time.Millisecond
	// Connecting is the usual time in which hosts connect, and load for a moment.
	Connecting = ramp
)

// Reduced says how a load's figures follow from those of its hosts.
var Reduced = map[string]string{
	"requests": "sum", "errors": "sum", "codes": "sum", "unsent": "sum", "retries": "sum", "bytes_in": "sum",
	"connections": "sum", "load_threads": "sum", "offered_rps": "sum", "duration_s": "maximum",
	"rate_rps":   "sum of requests over the maximum of durations",
	"latency_us": "merged histograms", "uncorrected_us": "merged histograms", "send_lag_us": "merged histograms",
	"generator_cpu_us_per_request": "sum of CPU time over the sum of requests",
}

// Voided says that nothing came of a load, since one of its hosts was not there for all of it.
type Voided struct{ Why string }

func (v *Voided) Error() string { return "VOID: " + v.Why }

// portions splits a load among hosts. Each has at least one connection.
func portions(a loadgen.Attack, span measure.Span, n int) []portion {
	all := make([]portion, n)
	for i := range all {
		all[i] = portion{Target: a.Target, Connections: (a.Connections + n - 1 - i) / n, Rate: a.Rate / float64(n),
			Timeout: a.Timeout, Engine: a.Engine, Threads: a.Threads, Protocol: a.Connect.Protocol,
			Streams: a.Connect.Streams, New: a.Connect.New, Follow: a.Follow, Ramp: ramp, Span: span}
	}
	return all
}

// Load is a load of several hosts, whose connections stand. Runs must not overlap.
type Load struct {
	agents []*cluster.Agent
	attack loadgen.Attack
	parts  []portion
}

// Open divides an attack among hosts, has them connect, and loads the target for a moment. a.Server
// and what is of one process are not used. The shares of requests in the span of a run are counted
// if it has a length. A host that is lost is a *Voided, here and in Run.
func Open(ctx context.Context, agents []*cluster.Agent, a loadgen.Attack, span measure.Span) (*Load, error) {
	if a.Connections < len(agents) {
		return nil, fmt.Errorf("%d connections for %d hosts: give each at least one", a.Connections, len(agents))
	}
	l := &Load{agents, a, portions(a, span, len(agents))}
	ready := make([]prepared, len(agents))
	err := each(ctx, len(agents), func(ctx context.Context, i int) error {
		return agents[i].Ask(ctx, prepareVerb, l.parts[i], &ready[i])
	})
	if err != nil {
		return nil, err
	}
	for i := range ready {
		l.parts[i].Threads, l.parts[i].Protocol = ready[i].Threads, ready[i].Protocol
		l.attack.Connect.Protocol = ready[i].Protocol
	}
	return l, nil
}

// Close closes the connections. A lost host has closed its own.
func (l *Load) Close(ctx context.Context) error {
	return each(ctx, len(l.agents), func(ctx context.Context, i int) error {
		var nothing any
		return l.agents[i].Ask(ctx, closeVerb, nil, &nothing)
	})
}

// Joint is one run of a load of several hosts.
type Joint struct {
	Attack loadgen.Attack // as it was made
	At     time.Time      // the common start
	Result *loadgen.Result
	Shares float64       // of requests in the span, if they were counted
	Spent  time.Duration // CPU time of all generators
	Hosts  []results.LoadHost
	Trust  results.Trust // of each host's part, and of their overlap

	Watched *Watched // the server and its host; nil if it is none of the group's
}

// phase returns how long after the common start a host begins a run of the duration. In an open
// load the hosts begin one request's time apart, so that their requests come due one after the
// other, as those of one generator do, and not all at once. Where such turns take too long they are
// shorter.
func (l *Load) phase(host int, d time.Duration) time.Duration {
	if l.attack.Rate == 0 {
		return 0
	}
	longest := d / phaseShare * time.Duration(host) / time.Duration(len(l.agents))
	return min(loadgen.Due(uint64(host), l.attack.Rate), longest)
}

// Run compares clocks, sets one start for all hosts, runs the load, and merges what came of it. on
// is the server, which is watched meanwhile; nil if it is none of the group's. A host that is lost,
// or hears of the start too late, is a *Voided; the end of the server is an error of it.
func (l *Load) Run(ctx context.Context, d time.Duration, on *Server) (*Joint, error) {
	all, jobs := l.agents, len(l.agents)
	if on != nil {
		all = append(all[:jobs:jobs], on.Agent)
	}
	if err := compareClocks(ctx, all); err != nil {
		return nil, err
	}
	at := soon(all)
	parts, done := make([]ran, jobs), make(chan struct{})
	var sending atomic.Int32
	sending.Store(int32(jobs))
	var watched *Watched
	if err := each(ctx, len(all), func(ctx context.Context, i int) (err error) {
		if i == jobs {
			watched, err = on.watch(ctx, at, done)
			return err
		}
		h := all[i]
		err = h.Ask(ctx, runVerb, start{at.Add(h.Offset + l.phase(i, d)).UnixNano(), d}, &parts[i])
		if err == nil && parts[i].Late > 0 {
			err = tooLate(h, parts[i].Late)
		}
		if sending.Add(-1) == 0 {
			close(done)
		}
		return err
	}); err != nil {
		return nil, err
	}
	j, err := l.together(parts, at, d)
	if err == nil {
		j.Watched = watched
	}
	return j, err
}

// Weigh judges the run by what its hosts say, the serving one included. unsteady is that the
// server's warm-up ended at its cap.
func (j *Joint) Weigh(unsteady bool) results.Trust {
	host := j.Watched.Host
	e := measure.Evidence(j.Attack, &loadgen.Measurement{Result: j.Result, Host: &host.Interference})
	e.Unsteady = unsteady
	if w := j.Watched.Server; w != nil {
		e.ServerCPU, e.ServerCores = w.CPU, j.Watched.Cores
		e.Others, e.All = host.Others([]*sample.Window{w})
	}
	return results.Weigh(e).And(j.Trust)
}

// tooLate makes a run VOID whose start a host missed.
func tooLate(h *cluster.Agent, by time.Duration) error {
	return &Voided{fmt.Sprintf("%s heard of the start %v too late", h.Name, by.Round(time.Microsecond))}
}

// compareClocks compares the hosts' clocks with this one's anew, since clocks drift apart.
func compareClocks(ctx context.Context, agents []*cluster.Agent) error {
	turns := make(chan struct{}, clocksAtOnce)
	return each(ctx, len(agents), func(ctx context.Context, i int) error {
		turns <- struct{}{}
		defer func() { <-turns }()
		return agents[i].CompareClocks(ctx)
	})
}

// soon returns a start that orders reach all hosts before.
func soon(agents []*cluster.Agent) time.Time {
	margin := startMargin
	for _, h := range agents {
		margin = max(margin, startMargin+10*h.RoundTrip)
	}
	return time.Now().Round(0).Add(margin)
}

// each asks n hosts at once. The first error ends the others' jobs; a lost host makes it VOID.
func each(ctx context.Context, n int, ask func(ctx context.Context, i int) error) error {
	asking, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	for i := range n {
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

// together makes one run of the parts. Each host's beginning counts from its own phase: hosts that
// begin in turn are not late.
func (l *Load) together(all []ran, at time.Time, d time.Duration) (*Joint, error) {
	j := &Joint{Attack: l.attack, At: at, Trust: results.Trust{Status: results.Valid, Reasons: []string{}}}
	var whole loadgen.Joint
	var sent overlap
	j.Attack.Threads = 0
	for i := range all {
		x, h := &all[i], l.agents[i]
		r, err := x.Result.Unpack()
		if err != nil {
			return nil, &Voided{fmt.Sprintf("the result of %s is not whole: %v", h.Name, err)}
		}
		began := time.Unix(0, x.Began).Sub(at.Add(h.Offset + l.phase(i, d)))
		sent.add(began, r.Duration, h.Uncertainty)
		m := &loadgen.Measurement{Result: r, Generator: x.Generator, Cores: x.Cores, Host: x.Host, Server: x.Server}
		part := l.parts[i].attack()
		its := results.Weigh(measure.Evidence(part, m))
		for k, reason := range its.Reasons {
			its.Reasons[k] = h.Name + ": " + reason
		}
		j.Trust = j.Trust.And(its)
		j.Hosts = append(j.Hosts, describeHost(h, part, m, began, x.Network))
		j.Attack.Threads += j.Hosts[i].LoadThreads
		j.Shares += x.Shares
		if x.Generator != nil {
			j.Spent += x.Generator.CPU
		}
		whole.Add(r, float64(part.Connections)/float64(l.attack.Connections))
	}
	j.Result = whole.Result()
	j.Trust = j.Trust.And(sent.trust())
	return j, nil
}

// overlap is when several hosts sent, relative to one instant. What a clock is uncertain by counts
// against it.
type overlap struct {
	hosts            int
	first, last      time.Duration // beginnings: the earliest, the latest
	earliest, latest time.Duration // ends
}

func (o *overlap) add(began, lasted, uncertainty time.Duration) {
	first, last := began-uncertainty, began+uncertainty
	earliest, latest := first+lasted, last+lasted
	if o.hosts++; o.hosts == 1 {
		o.first, o.last, o.earliest, o.latest = first, last, earliest, latest
		return
	}
	o.first, o.last = min(o.first, first), max(o.last, last)
	o.earliest, o.latest = min(o.earliest, earliest), max(o.latest, latest)
}

// share returns the share of the time in which any host sent, in which all did.
func (o *overlap) share() float64 {
	if o.hosts < 2 {
		return 1
	}
	return max(0, float64(o.earliest-o.last)/float64(o.latest-o.first))
}

func (o *overlap) trust() results.Trust {
	if o.share() >= leastOverlap {
		return results.Trust{Status: results.Valid, Reasons: []string{}}
	}
	return results.Trust{Status: results.Void, Reasons: []string{fmt.Sprintf(
		"the hosts sent at the same time for only %.1f%% of the load, and %.0f%% is the least: a longer one helps",
		100*o.share(), 100*leastOverlap)}}
}

// describeHost returns a loading host's block in the results.
func describeHost(h *cluster.Agent, a loadgen.Attack, m *loadgen.Measurement, began time.Duration,
	network measure.Network) results.LoadHost {
	r, b := m.Result, hostBlock(h, m.Host, network)
	b.BeganUS, b.Connections, b.Requests, b.Errors = micros(began), a.Connections, r.Requests, r.Errors
	b.LatencyUS = measure.Latency(r.Latency)
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
		b.AtLimit = b.AtLimit || b.GeneratorCPU > fullyBusy*usable
	}
	return b
}

// Serving returns the block of the host that served a run.
func Serving(h *cluster.Agent, w *Watched) results.LoadHost {
	return hostBlock(h, &w.Host.Interference, w.Network)
}

// hostBlock returns what is said of every host: what it is, its clock, and what it had to do.
func hostBlock(h *cluster.Agent, i *sample.Interference, network measure.Network) results.LoadHost {
	b := results.LoadHost{Name: h.Name, Role: h.Role, Host: h.Host, ToolVersion: h.Version,
		ClockOffsetUS: micros(h.Offset), ClockUncertaintyUS: micros(h.Uncertainty), RoundTripUS: micros(h.RoundTrip)}
	if i != nil && i.StealKnown && i.Elapsed > 0 && i.CPUs > 0 {
		b.Busy = i.Busy.Seconds() / (i.Elapsed.Seconds() * float64(i.CPUs))
		b.AtLimit = b.Busy > fullyBusy
	}
	if s := network.For.Seconds(); s > 0 {
		b.InBPS, b.OutBPS = float64(network.In)/s, float64(network.Out)/s
	}
	return b
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// mostNames bounds a list of names.
const mostNames = 8

// Names joins the names of agents, of many the last ones.
func Names(all []*cluster.Agent) string {
	text := ""
	if n := len(all) - mostNames; n > 0 {
		text, all = "…, ", all[n:]
	}
	for i, h := range all {
		if i > 0 {
			text += ", "
		}
		text += h.Name
	}
	return text
}
