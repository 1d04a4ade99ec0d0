package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	"nodecompare/cmd/hosts"
	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/servers/workload"
)

// requestTimeout is far above the latency of any rung on a server that still answers: a queue of
// 10,000 at 2,000 a second. It is a variable for tests, whose servers hang.
var requestTimeout = 5 * time.Second

// mostLost bounds how often a trial is repeated.
const mostLost = 2

// trial makes a trial, and repeats it if it lost the yardstick, the upstream or the database, or
// was stopped, which says nothing about the mode.
func (b *bench) trial(ctx context.Context, s slot) results.Trial {
	t := b.once(ctx, s)
	for range mostLost {
		if t.Lost == "" || ctx.Err() != nil || b.over != nil {
			break
		}
		b.progress.Say(about(t) + ": VOID, and made anew: " + t.Lost)
		lost := *t.Trust
		t = b.once(ctx, s)
		t.Voided = &lost
	}
	return t
}

// once starts a fresh server, climbs the ladder, and stops the server.
func (b *bench) once(ctx context.Context, s slot) results.Trial {
	began := time.Now()
	t := results.Trial{
		Workload: s.workload.Name, Mode: s.name, Round: s.round, Cores: len(s.cpus), Standing: s.mode.standing(),
		Started: began.UTC().Truncate(time.Millisecond), Rungs: []results.Rung{},
	}
	if t.Failure = b.givenUp(s); t.Failure != "" {
		trust := t.Weigh()
		t.Trust = &trust
		return t
	}
	stops := sample.Stops()
	var kept *books
	var err error
	if b.plan.apart {
		err = b.climbField(ctx, s, &t, began)
	} else {
		kept, err = b.climb(ctx, s, &t, began)
	}
	if kept != nil {
		kept.enter(&t)
	}
	t.ElapsedS = seconds(time.Since(began))
	voided, away := errors.AsType[*hosts.Voided](err)
	switch failure, ok := errors.AsType[*child.Failure](err); {
	case ctx.Err() != nil:
		t.Interrupted = true // after a cancellation every error is a consequence of it
	case sample.Stops() != stops: // and so it is after a stop
		t.Lost, err = results.Stopped, nil
	case away:
		t.Lost = voided.Why
	case err != nil && err == b.over:
		t.Lost = err.Error()
	case ok && failure.Helper:
		t.Lost = err.Error()
	case ok:
		t.Failure, t.Stderr = err.Error(), failure.Stderr
	case err != nil:
		t.Failure = err.Error()
	}
	b.noteHang(s, err)
	trust := t.Weigh()
	t.Trust = &trust
	return t
}

// climb starts a fresh server of this machine, climbs the ladder, and stops the server. The books
// are nil where no orders are written down.
func (b *bench) climb(ctx context.Context, s slot, t *results.Trial, began time.Time) (kept *books, err error) {
	err = b.withServer(ctx, s, func(ctx context.Context, on *target) error {
		on.began, kept = began, on.books
		return b.withYardstick(ctx, on, s, func(ctx context.Context) error { return b.runLadder(ctx, on, s, t) })
	})
	return kept, err
}

// target is a running server under load.
type target struct {
	server    running
	attack    loadgen.Attack // on the workload, without connections and rate
	yardstick loadedYardstick
	helpers   []sample.Subject // other processes of this tool: the yardstick, an upstream, a database
	began     time.Time        // of the trial

	books    *books    // nil where no orders are written down
	database *database // that the server asks; nil for SQLite or none
	compiles bool      // the server compiles itself as it runs, or may
}

// withServer starts the slot's server, and an upstream if the workload needs one, calls use, and
// stops them. If the server dies, use's context is cancelled and the server's failure is returned.
func (b *bench) withServer(ctx context.Context, s slot, use func(context.Context, *target) error) error {
	if !b.plan.database.of(s) {
		return b.withServerOn(ctx, nil, s, use)
	}
	return b.plan.database.within(ctx, func(ctx context.Context) error {
		return b.withServerOn(ctx, b.plan.database, s, use)
	})
}

// withServerOn is withServer on PostgreSQL; on SQLite, or no database, with nil.
func (b *bench) withServerOn(ctx context.Context, db *database, s slot,
	use func(context.Context, *target) error) error {
	with := func(ctx context.Context, upstream string, helpers ...sample.Subject) (err error) {
		kept, err := db.openBooks(s)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, kept.close()) }()
		if db.sampled() != nobody {
			helpers = append(helpers, db.sampled())
		}
		err = b.plan.withServer(ctx, s, upstream, kept, func(ctx context.Context, r running) error {
			a := loadgen.Attack{Target: s.target(r.url), Connect: r.connect, Timeout: requestTimeout,
				Engine: b.plan.engine(results.Closed, r.url, 0), Threads: b.plan.settings.LoadThreads,
				WantBody: s.wantBody()}
			if kept != nil {
				a.Others, a.Ran = s.others(r.url), kept.add
			}
			a = conversing(a, s.workload)
			if hears(s.workload) {
				a.Timeout = listenTimeout
			}
			err := use(ctx, &target{server: r, attack: a, helpers: helpers, books: kept, database: db,
				compiles: s.mode.Compiles > 0})
			if err == nil && kept != nil && kept.orders && s.mode.user != nil {
				err = kept.readBack(ctx, r, s)
			}
			return err
		})
		if err == nil && kept != nil {
			err = kept.audit()
		}
		return err
	}
	if s.workload.Upstream == 0 {
		return with(ctx, servers.NoUpstream)
	}
	// The upstream is a separate process, so that its cost is not counted as the server's. It runs
	// on the generator's CPUs, because it stands for a service on another machine.
	command := servers.Ours("upstream", "async", servers.NoUpstream)
	command.Helper = true
	return measure.WithServer(ctx, b.plan.split.Generator, command, func(ctx context.Context, up *child.Process) error {
		return with(ctx, up.URL+workload.UpstreamPath, sample.Subject{PID: up.PID})
	})
}

// withYardstick calls use with a yardstick on the server's CPUs. If the yardstick dies, use's
// context is cancelled and the yardstick's failure is returned.
func (b *bench) withYardstick(ctx context.Context, on *target, s slot, use func(context.Context) error) error {
	threads := b.plan.settings.LoadThreads
	return startYardstick(ctx, b.plan.serverCPUs(s), threads, func(ctx context.Context, y loadedYardstick) error {
		on.yardstick = y
		on.helpers = append(on.helpers, y.Subject)
		return use(ctx)
	})
}

// runLadder warms the server up and runs the rungs.
func (b *bench) runLadder(ctx context.Context, on *target, s slot, t *results.Trial) (err error) {
	b.progress.WarmUp(s.name, s.workload.Name, s.round, s.warmTime())
	w, g, err := b.warm(ctx, on, s)
	t.WarmUp = w
	if err != nil {
		return err
	}
	end := sync.OnceFunc(g.Close)
	defer end()
	for _, r := range s.order() {
		if r.slices == 0 || r.connections != s.warmConnections() {
			end() // connections that are open cost a server something, and may take its threads
			g = nil
		}
		rate, inPlan := b.rate(s, r, *t), s.rungTime(r)
		switch {
		case rate > 0:
			r = r.at(rate)
		case r.load != results.Closed:
			continue
		}
		measured, err := b.retryVoid(s.rungTime(r), func() (results.Rung, error) {
			return b.withPoison(ctx, on, s, r, func() (results.Rung, error) {
				return b.runRung(ctx, on, r, g, rate, !t.WarmUp.Steady)
			})
		})
		if err == nil {
			t.Rungs = append(t.Rungs, measured)
			err = unanswered(measured)
		}
		if err != nil {
			return fmt.Errorf("at %d connections: %w", r.connections, err)
		}
		took := max(measured.ElapsedS, measured.EndedS)
		if planned := s.rungTime(r); seconds(planned)+1 < took {
			b.progress.Say(
				fmt.Sprintf("%s: the run at %d connections took %.1f s in place of %.1f s: requests take "+
					"long, or are not answered", about(*t), r.connections, took, seconds(planned)))
		}
		b.progress.Rung(s.name, s.workload.Name, s.round, r.connections, inPlan)
	}
	if s.workload.Wait > 0 {
		weighGrowth(t, s.base().connections)
	}
	if i := slices.IndexFunc(t.Rungs, func(r results.Rung) bool { return r.Yardstick != nil }); i >= 0 && s.again() {
		if err := b.again(ctx, on, s.base(), &t.Rungs[i]); err != nil {
			return err
		}
	}
	return b.between(ctx, on, s, t)
}

// unanswered returns an error if no request of a run was answered as expected, after which more
// load is pointless.
func unanswered(r results.Rung) error {
	l := loadgen.Result{Requests: r.Requests, Errors: r.Errors, ErrorKinds: r.ErrorKinds,
		ErrorExamples: r.ErrorExamples}
	return l.Unanswered()
}

// weighGrowth compares the throughput at the top of the ladder with that at the base, on a route
// that only waits.
func weighGrowth(t *results.Trial, base int) {
	var bottom, top *results.Rung
	for i, r := range t.Rungs {
		switch {
		case r.Load != results.Closed || r.Trust == nil || r.ThroughputRPS == 0:
		case r.Connections == base:
			bottom = &t.Rungs[i]
		case r.Connections > base:
			top = &t.Rungs[i]
		}
	}
	if bottom == nil || top == nil {
		return
	}
	grown := results.Weigh(results.Evidence{
		Kept:     top.ThroughputRPS / bottom.ThroughputRPS,
		MostKept: float64(top.Connections) / float64(bottom.Connections),
	})
	for _, r := range []*results.Rung{bottom, top} {
		trust := r.Trust.And(grown)
		r.Trust = &trust
	}
}

// again reports whether the slices of the base rung are repeated after the ladder: for servers that
// compile themselves, unless the trial ends with an overload.
func (s slot) again() bool {
	return s.mode.Compiles > 0 && s.workload.Asks() && s.climbs()
}

// order returns the rungs in the order of a trial: the base rung first, on the warm-up's
// connections, then its open loads, then the others from few connections to many.
func (s slot) order() []rung {
	base := slices.IndexFunc(s.rungs, func(r rung) bool { return r.slices > 0 })
	if base < 0 {
		return s.rungs
	}
	rest := base + 1
	for rest < len(s.rungs) && s.rungs[rest].load != results.Closed && s.rungs[rest].surge == nil {
		rest++
	}
	return slices.Concat(s.rungs[base:rest], s.rungs[:base], s.rungs[rest:])
}

// closingTime is how long a server that compiles itself as it runs has connections that are then
// closed, before its warm-up. It compiles what it has seen so far: the first closing after that
// makes it drop and compile anew what all requests go through, which took Node.js half a second.
const closingTime = 300 * time.Millisecond

// warm loads the server until it is warm. It returns the open connections, because a server pays
// for new ones again; the caller closes them. On an error there are none.
func (b *bench) warm(ctx context.Context, on *target, s slot) (*results.WarmUp, *loadgen.Generator, error) {
	a := on.attack
	a.Connections = s.warmConnections()
	a = spoken(a)
	if on.compiles {
		first, err := b.settled(ctx, a, closingTime)
		if err != nil {
			return nil, nil, err
		}
		first.Close()
	}
	if !s.workload.Asks() {
		return b.warmListening(ctx, a, s)
	}
	g, err := loadgen.Open(a)
	if err != nil {
		return nil, nil, err
	}
	w, err := measure.Warm(ctx, measure.Loaded{Subject: on.server.sampled, Load: g}, &on.yardstick.Loaded, s.warmUp())
	record := results.WarmUp{TookS: seconds(w.Took), Windows: w.Windows, Steady: w.Steady, Errors: w.Errors,
		Requests: w.Requests}
	if on.server.sampled != nobody {
		record.CPUS = seconds(w.Busy)
	}
	if err != nil {
		g.Close()
		return &record, nil, err
	}
	return &record, g, nil
}

// rate returns the rate of a rung in requests per second. It returns 0 for a closed load, and for
// an open load to leave out: its rate is unknown, or the mode's own share is nearly the common
// rate.
func (b *bench) rate(s slot, r rung, t results.Trial) float64 {
	switch {
	case r.rate > 0:
		return r.rate
	case r.surge != nil:
		return b.steadyRate(s, t)
	}
	for _, known := range b.rates {
		if known.Workload != s.workload.Name || known.Mode != s.name {
			continue
		}
		switch {
		case r.load == results.Common:
			return known.CommonRPS
		case r.load == results.Own && math.Abs(math.Log(known.OwnRPS/known.CommonRPS)) > math.Log(nearly):
			return known.OwnRPS
		}
	}
	return 0
}

// target returns the request to the slot's server at url, which has no path.
func (s slot) target(url string) loadgen.Target {
	w := s.workload
	t := loadgen.Target{Method: w.Method, URL: url + s.mode.target(w), Header: s.mode.header()}
	if w.Body != "" {
		t.Header.Set("Content-Type", w.ContentType)
		t.Body = []byte(w.Body)
	}
	return t
}

// others are sent in turn with target, for a workload with several bodies.
func (s slot) others(url string) []loadgen.Target {
	var all []loadgen.Target
	for _, body := range s.workload.Bodies {
		t := s.target(url)
		t.Body = []byte(body)
		all = append(all, t)
	}
	return all
}

// wantBody is the body of a good answer, where the status does not tell. It is nil where it does,
// and for a user's server, whose answers are its own.
func (s slot) wantBody() []byte {
	if s.mode.user != nil || s.workload.Whole == "" {
		return nil
	}
	return []byte(s.workload.Whole)
}

// poison returns the request of the slot's poison.
func (s slot) poison(url string) loadgen.Target {
	return loadgen.Target{Method: http.MethodGet, URL: url + s.mode.poison(s.workload), Header: s.mode.header()}
}

// retryVoid runs run, and runs it again if it is VOID and there is time to spare, because the cause
// is usually the machine's and soon over.
func (b *bench) retryVoid(took time.Duration, run func() (results.Rung, error)) (results.Rung, error) {
	first, err := run()
	if err != nil || first.Trust.Status != results.Void || took > b.spare || unanswered(first) != nil {
		return first, err
	}
	b.spare -= took
	second, err := run()
	second.Voided = first.Trust
	return second, err
}
