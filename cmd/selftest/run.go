package selftest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
	"nodecompare/servers/child"
)

// ServerCommand is the hidden command that runs Serve.
const ServerCommand = "selftest-server"

const (
	delayConnections = 16
	// serverProcs exceeds the server's working threads, so that no returning call waits for a Go
	// processor. That wait would come before the server's clock is read.
	serverProcs = 4 * delayConnections
)

var errLimit = errors.New("the selftest ran out of time")

// runner is a selftest in progress.
type runner struct {
	plan   Plan
	server *child.Process
	spare  time.Duration
	say    func(step string)
	report *results.Selftest
	// offsets are the machine's own delays, from the runs in which they are known.
	offsets []time.Duration
}

// Run starts the server as a child process, carries out the plan, and stops the server. say is told
// each step as it begins. A failed server and the end of ctx are errors, which come with the result
// so far. A verdict is no error.
func Run(ctx context.Context, p Plan, say func(step string)) (*results.Selftest, error) {
	began := time.Now()
	r := &runner{plan: p, spare: p.Spare, say: say, report: &results.Selftest{Checks: []results.SelftestCheck{}}}
	limited, cancel := context.WithTimeoutCause(ctx, p.Limit, errLimit)
	defer cancel()
	host, hostErr := sample.ReadHost(nil)
	err := r.serveAndCheck(limited)
	if now, nowErr := sample.ReadHost(nil); hostErr == nil && nowErr == nil {
		r.report.Host = interference(now.Since(host))
	}
	r.report.ElapsedS = float64(time.Since(began).Milliseconds()) / 1e3
	r.report.Partial = err != nil
	r.report.Verdict = Overall(r.report.Checks)
	if n := len(r.offsets); n > 0 {
		slices.Sort(r.offsets)
		r.report.OffsetUS = inMicros(r.offsets[n/2])
	}
	if ctx.Err() != nil {
		return r.report, ctx.Err()
	}
	// a machine that runs out of time cannot be trusted, which is no error
	if limited.Err() != nil {
		if v := r.report.Verdict; v == results.SelftestOK || v == results.SelftestNone {
			r.report.Verdict = results.SelftestNoisy
		}
		return r.report, nil
	}
	return r.report, err
}

// serveAndCheck starts the server on its CPUs, and carries out the plan from the generator's.
func (r *runner) serveAndCheck(ctx context.Context) error {
	split, err := r.plan.Pin.Choose()
	if err != nil {
		return err
	}
	server := child.Command{Name: "selftest", Args: []string{ServerCommand},
		Env: []string{"GOMAXPROCS=" + strconv.Itoa(serverProcs)}}
	return measure.Pinned(split, func() error {
		return measure.WithServer(ctx, split.Server, server, func(ctx context.Context, p *child.Process) error {
			r.server = p
			for _, e := range r.plan.Engines {
				if err := r.engine(ctx, e); err != nil {
					return fmt.Errorf("selftest of the %s engine: %w", e.Name, err)
				}
			}
			return nil
		})
	})
}

// engine carries out the plan with one engine.
func (r *runner) engine(ctx context.Context, e Engine) error {
	for _, d := range r.plan.Delays {
		if err := r.attempts(e.Name+", delay "+inMillis(d.Wait),
			func() (attempt, error) { return r.delay(ctx, e, d) }); err != nil {
			return err
		}
	}
	for _, q := range r.plan.Queues {
		if err := r.attempts(e.Name+", queue "+q.name(),
			func() (attempt, error) { return r.queue(ctx, e, q) }); err != nil {
			return err
		}
	}
	if s := r.plan.Stall; s.Duration > 0 {
		if err := r.attempts(e.Name+", stall "+inMillis(s.Length),
			func() (attempt, error) { return r.stall(ctx, e, s) }); err != nil {
			return err
		}
	}
	if c := r.plan.Count; c.Duration > 0 {
		if err := r.attempts(e.Name+", count", func() (attempt, error) { return r.count(ctx, e, c) }); err != nil {
			return err
		}
	}
	if v := r.plan.Events; v.Connections > 0 && e.hears() {
		if err := r.attempts(e.Name+", events "+inMillis(v.Late),
			func() (attempt, error) { return r.events(ctx, e, v) }); err != nil {
			return err
		}
	}
	if s := r.plan.Search; s.Duration > 0 {
		r.say(e.Name + ", highest rate")
		return r.search(ctx, e, s)
	}
	return nil
}

// attempt is the checks of one run.
type attempt struct {
	checks  []results.SelftestCheck
	certain bool // another attempt cannot help
}

// attempts tries until all checks of an attempt are ok, and keeps the best attempt. Noise passes,
// but a wrong tool stays wrong.
func (r *runner) attempts(step string, try func() (attempt, error)) error {
	var best []results.SelftestCheck
	for n, line := 1, step; ; n++ {
		began := time.Now()
		r.say(line)
		a, err := try()
		if err != nil {
			return err
		}
		verdict := Overall(a.checks)
		if n == 1 || a.certain || rank(verdict) <= rank(Overall(best)) {
			best = a.checks
		}
		took := time.Since(began)
		if n > 1 {
			r.spare -= took
		}
		if verdict == results.SelftestOK || a.certain || n == r.plan.Attempts || took > r.spare {
			for i := range best {
				best[i].Attempts = n
			}
			r.report.Checks = append(r.report.Checks, best...)
			return nil
		}
		line = fmt.Sprintf("%s, again (%s)", step, verdict)
	}
}

// observed runs a load with the plain client beside it, and asks the server for the truth.
func (r *runner) observed(ctx context.Context, g Generator, d time.Duration) (*loadgen.Result, Truth, Witness, error) {
	end, err := testify(ctx, r.server.URL)
	if err != nil {
		return nil, Truth{}, Witness{}, err
	}
	before, err := readMachine(r.server.PID)
	if err != nil {
		_, witnessErr := end()
		return nil, Truth{}, Witness{}, errors.Join(err, witnessErr)
	}
	l, err := g.Run(ctx, d)
	w, witnessErr := end()
	if err = errors.Join(err, witnessErr); err != nil {
		return nil, Truth{}, Witness{}, err
	}
	after, err := readMachine(r.server.PID)
	if err != nil {
		return nil, Truth{}, Witness{}, err
	}
	w.take(after.Since(before))
	if late, known := w.offset(); known {
		r.offsets = append(r.offsets, late)
	}
	truth, err := take(ctx, r.server.URL)
	return l, truth, w, err
}

// interference says in words what others took of the machine; "" if unknown or too little to
// matter.
func interference(i sample.Interference) string {
	if i.StealKnown && i.Stolen > (i.Stolen+i.Busy)/100 {
		return fmt.Sprintf("The hypervisor withheld %.0f%% of the CPU time that was wanted meanwhile.",
			100*float64(i.Stolen)/float64(i.Stolen+i.Busy))
	}
	if i.QuotaKnown && i.Throttles > 0 {
		return fmt.Sprintf("The CPU quota of the cgroup was used up %d times meanwhile.", i.Throttles)
	}
	return ""
}
