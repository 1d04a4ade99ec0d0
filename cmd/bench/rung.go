package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
)

const sampleInterval = 20 * time.Millisecond

// runRung puts one rung of load on the server and samples it, the generator and the host meanwhile.
// g holds the connections if they are already open, and stays open; otherwise it is nil. rate is in
// requests per second, 0 for a closed load.
func (b *bench) runRung(ctx context.Context, t *target, r rung, g *loadgen.Generator, rate float64,
	unsteady bool) (results.Rung, error) {
	a := t.attack
	a.Connections, a.Rate, a.Duration, a.Engine = r.connections, rate, r.duration,
		b.plan.engine(r.load, a.Target.URL, rate)
	a = spoken(a)
	var over *overloading
	if r.surge != nil {
		over = newOverloading(r, rate, b.plan.slo())
		a = over.attack(a)
		// An overload has thousands of requests in flight, like a closed load of as many
		// connections.
		a.Engine = b.plan.engine(results.Closed, a.Target.URL, 0)
	}
	if g == nil {
		var err error
		if g, err = b.settled(ctx, a, r.ramp); err != nil {
			return results.Rung{}, err
		}
		defer g.Close()
	}
	b.awake = g.Awake
	var result *loadgen.Result
	var around measure.Interference
	var queried time.Duration // CPU time of the database
	began := time.Since(t.began)
	windows, err := watched([]sample.Subject{t.server.sampled, {PID: os.Getpid()}}, func() error {
		before, err := measure.ReadHostUsage(b.plan.cpus(), t.helpers...)
		if err != nil {
			return err
		}
		asked, err := measure.CPUTime(t.database.sampled())
		if err != nil {
			return err
		}
		if over != nil {
			result, err = over.run(ctx, t.attack, g)
		} else {
			result, err = g.Run(ctx, r.duration)
		}
		if err != nil {
			return err
		}
		answered, err := measure.CPUTime(t.database.sampled())
		if err != nil {
			return err
		}
		queried = answered - asked
		after, err := measure.ReadHostUsage(b.plan.cpus(), t.helpers...)
		around = after.Since(before)
		return err
	})
	if err != nil {
		return results.Rung{}, err
	}
	rung, err := measured(a, r, result, windows[0])
	if err != nil {
		return results.Rung{}, err
	}
	rung.StartS = seconds(began)
	if r.slices > 0 {
		if rung.Yardstick, err = alternate(ctx, t, r, g); err != nil {
			return rung, err
		}
		if rung.Viewing != nil || rung.Deliveries != nil { // what they see or hear has a pace of its own
			rung.Yardstick.RelativeThroughput = 0
		}
	}
	e := measure.Evidence(a,
		&loadgen.Measurement{Result: result, Generator: windows[1], Cores: b.generatorCores(),
			Host: &around.Interference})
	e.Unsteady = unsteady
	if windows[0] != nil {
		e.ServerCPU, e.ServerCores = windows[0].CPU, runtime.NumCPU()
	}
	if t.database != nil {
		e.Database = &results.DatabaseEvidence{CPU: queried, Cores: b.generatorCores(),
			Connections: t.database.connections}
	}
	if queried > 0 {
		rung.Database = databaseUse(queried, rung.Answered())
	}
	if rung.Yardstick != nil {
		e.Costs = rung.Yardstick.CPUs
	}
	e.Others, e.All = around.Others(windows)
	if over != nil {
		outcome := over.outcome()
		rung.SurgeOutcome = &outcome
		e.ClientsWaited = over.waited(outcome)
		e.Generator.Cores = min(overloadThreads, b.generatorCores())
	}
	trust := results.Weigh(e)
	rung.Trust = &trust
	if r.load == results.Common && r.rate > 0 {
		rung.Idle, err = idle(ctx, t.server.sampled, r.duration)
	}
	return rung, err
}

// settled opens connections and runs the ramp on them. The caller closes the generator.
func (b *bench) settled(ctx context.Context, a loadgen.Attack, settle time.Duration) (*loadgen.Generator, error) {
	g, err := loadgen.Open(a)
	if err != nil {
		return nil, err
	}
	first, err := g.Run(ctx, settle)
	if err == nil && first.ErrorKinds[loadgen.Timeout] == first.Requests { // it would be the same again
		err = first.Unanswered()
	}
	if err != nil {
		g.Close()
		return nil, err
	}
	return g, nil
}

// idle returns what the server uses while no requests are sent; nil if the system does not report
// it.
func idle(ctx context.Context, server sample.Subject, d time.Duration) (*results.Idle, error) {
	if server == nobody {
		return nil, nil
	}
	before, err := server.CPUTime()
	if errors.Is(err, sample.ErrUnsupported) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	began := time.Now()
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	after, err := server.CPUTime()
	return &results.Idle{ElapsedS: seconds(time.Since(began)), CPUS: seconds(max(0, after-before))}, err
}

// again repeats the slices of the base rung after the ladder, and weighs whether the server has
// changed.
func (b *bench) again(ctx context.Context, t *target, r rung, base *results.Rung) error {
	a := t.attack
	a.Connections, a.Engine = r.connections, b.plan.engine(results.Closed, a.Target.URL, 0)
	g, err := b.settled(ctx, a, r.ramp)
	if err != nil {
		return err
	}
	defer g.Close()
	after, err := alternate(ctx, t, r.halved(), g)
	if err != nil {
		return err
	}
	base.Yardstick.CPUsAfter = after.CPUs
	if base.Trust != nil && !slices.Contains(base.Trust.Rules, results.RuleDrift) {
		trust := base.Trust.And(results.Weigh(results.Evidence{Costs: base.Yardstick.CPUs, CostsAfter: after.CPUs}))
		base.Trust = &trust
	}
	return nil
}

// halved has half of the slices, which tell whether anything changed.
func (r rung) halved() rung {
	r.slices = max(2, r.slices/2)
	return r
}

func (b *bench) generatorCores() int {
	if s := b.plan.split; s.Pinned() {
		return len(s.Generator)
	}
	return runtime.NumCPU()
}

// watched runs a load with a window on each subject. A window is nil if the system does not report
// it, and for nobody. The last window closes first: the generator's own must not include the cost
// of closing that of a server with a thousand threads.
func watched(subjects []sample.Subject, load func() error) ([]*sample.Window, error) {
	watchers := make([]*sample.Watcher, len(subjects))
	windows := make([]*sample.Window, len(subjects))
	stop := func() (err error) {
		for i, w := range slices.Backward(watchers) {
			if w == nil {
				continue
			}
			window, stopErr := w.Stop()
			windows[i], err = &window, errors.Join(err, stopErr)
		}
		return err
	}
	for i, subject := range subjects {
		if subject == nobody {
			continue
		}
		w, err := subject.Watch(sampleInterval)
		if err != nil && !errors.Is(err, sample.ErrUnsupported) {
			return nil, errors.Join(err, stop())
		}
		watchers[i] = w
	}
	err := load()
	return windows, errors.Join(err, stop())
}

// measured converts the load's result and the server's window into a Rung.
func measured(a loadgen.Attack, r rung, l *loadgen.Result, w *sample.Window) (results.Rung, error) {
	rung := results.Rung{
		Load: r.load, Engine: a.Engine, Connections: r.connections, ElapsedS: seconds(l.Elapsed),
		Requests: l.Requests, Errors: l.Errors,
		ErrorKinds: l.ErrorKinds, ErrorExamples: l.ErrorExamples, Codes: l.Codes, Timeline: timeline(l, w),
	}
	if l.Ended > l.Elapsed {
		rung.EndedS = seconds(l.Ended)
	}
	answered := float64(rung.Answered())
	if a.Conversation == loadgen.Subscribe || a.Conversation == loadgen.Chat {
		rung.Deliveries = measure.Deliveries(l.Deliveries)
	}
	if a.Conversation == loadgen.Play {
		rung.Viewing = measure.Viewing(a.Video, l.Viewing)
	}
	if answered > 0 && l.Elapsed > 0 {
		rung.LatencyUS = measure.Latency(l.Latency)
		rung.ThroughputRPS = answered / l.Elapsed.Seconds()
		rung.InFlight = rung.ThroughputRPS * rung.LatencyUS.Mean / 1e6
		if d := rung.Deliveries; d != nil { // each subscriber waits for its next event
			rung.InFlight = float64(r.connections) - float64(d.Silent)
		}
		if v := rung.Viewing; v != nil { // each has a connection, and fetches or shows
			rung.InFlight = float64(r.connections) - float64(v.Unstarted)
		}
		histogram, err := l.Latency.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
		if err != nil {
			return rung, fmt.Errorf("encode the latencies: %w", err)
		}
		rung.Histogram = string(histogram)
	}
	if a.Rate > 0 {
		uncorrected := measure.Latency(l.Uncorrected)
		lag := measure.Lag(l.SendLag)
		rung.OfferedRPS, rung.Unsent, rung.UncorrectedUS, rung.SendLagUS = l.Offered, l.Unsent, &uncorrected, &lag
	}
	if w == nil {
		return rung, nil
	}
	rung.Process = &results.Process{
		CPUS: seconds(w.CPU), Threads: w.ThreadsPeak, ActiveThreads: w.ActiveThreads,
		BusyThreads: w.BusyThreads, RSSBytes: w.RSSPeak,
		Processes: w.Processes, Files: w.FDsPeak, ShortLived: w.ShortLived,
		VoluntarySwitches: w.VoluntarySwitches, InvoluntarySwitches: w.InvoluntarySwitches,
	}
	if w.Processes > 1 && w.PSSEnd > 0 {
		// The sum of resident memory would count shared pages once for each process.
		rung.Process.RSSBytes = w.PSSEnd
	}
	if answered > 0 {
		rung.Process.CPUUSPerRequest = float64(w.CPU.Nanoseconds()) / 1e3 / answered
	}
	return rung, nil
}

// timelineInterval is the shortest interval of a timeline.
const timelineInterval = 50 * time.Millisecond

// timeline sorts the answers and the ticks of the server's window into intervals of one length, a
// multiple of the generator's own; nil if nothing was answered.
func timeline(l *loadgen.Result, w *sample.Window) *results.Timeline {
	if l.CompletedEvery <= 0 || len(l.Completed) == 0 {
		return nil
	}
	each := max(1, int((timelineInterval+l.CompletedEvery-1)/l.CompletedEvery))
	interval := time.Duration(each) * l.CompletedEvery
	t := &results.Timeline{IntervalS: seconds(interval)}
	for i, n := range l.Completed {
		if i%each == 0 {
			t.Requests = append(t.Requests, 0)
		}
		t.Requests[len(t.Requests)-1] += n
	}
	if w == nil || len(w.Ticks) == 0 {
		return t
	}
	next, used := 0, time.Duration(0)
	last := w.Ticks[0]
	for i := range t.Requests {
		for end := time.Duration(i+1) * interval; next < len(w.Ticks) && w.Ticks[next].At <= end; next++ {
			last = w.Ticks[next]
		}
		t.CPUS = append(t.CPUS, seconds(last.CPU-used))
		t.Threads = append(t.Threads, last.Threads)
		t.RSSBytes = append(t.RSSBytes, last.RSS)
		used = last.CPU
	}
	return t
}
