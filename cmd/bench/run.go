package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"nodecompare/cmd/hosts"
	"nodecompare/cmd/measure"
	"nodecompare/results"
	"nodecompare/results/gate"
)

// Progress receives a bench's progress, between its runs: none of these calls is made while a load
// runs.
type Progress interface {
	// Doing says what is done before the first plan, and how long all of it will take from then on.
	Doing(what string, left time.Duration)
	// Begin says that the plan's trials follow. Each is in the record by the time that Trial tells
	// of it. The record may be read during any of these calls, and not between them.
	Begin(p *Plan, r *results.Record)
	// WarmUp says that a warm-up begins. In the pilot (round 0) it is the only report.
	WarmUp(mode, workload string, round int, planned time.Duration)
	Rung(mode, workload string, round, connections int, planned time.Duration) // a rung is done
	// Trial says that the n-th trial, from 1, is done. soFar returns the record with its verdicts,
	// which are made when the first one asks.
	Trial(n int, t results.Trial, soFar func() *results.Record)
	Say(text string) // any other event
	End()
}

// spareShare bounds the time of repeated runs: one part in so many of the bench's planned time.
const spareShare = 20

// bench is the trials' shared state.
type bench struct {
	plan     *Plan
	progress Progress
	rates    []results.Rates
	spare    time.Duration // left for repeating VOID runs
	awake    bool          // the load keeps idle CPUs from sleeping
	done     []results.Trial
	hung     map[gate.Pair]int
	hosts    hosts.Tally // of a bench on several
	over     error       // a host that does not come back ends the bench
}

// newBench returns the state for a plan's trials, before the first.
func newBench(p *Plan, progress Progress) *bench {
	return &bench{plan: p, progress: progress, spare: p.Duration() / spareShare, hung: map[gate.Pair]int{}}
}

// following returns the state for the trials of a plan that comes after b's: it has b's rates and
// hosts, and knows who hung.
func (b *bench) following(p *Plan) *bench {
	f := newBench(p, b.progress)
	f.rates, f.hosts, f.hung = b.rates, b.hosts, b.hung
	return f
}

// Run runs the plan. When ctx ends, Run stops at once, leaves no child behind, and returns the
// record so far, marked as partial, with ctx's error. A trial whose server failed is in the record
// as failed, and the bench goes on. If this process cannot be pinned there is no record. Calls of
// Run must not overlap.
func Run(ctx context.Context, p *Plan, progress Progress) (*results.Record, error) {
	began := time.Now()
	r := &results.Record{
		Tool: results.Tool, SchemaVersion: results.SchemaVersion, ToolVersion: measure.ToolVersion(),
		Started: began.UTC().Truncate(time.Millisecond), Host: measure.Host(), Settings: p.settings,
		Trials: []results.Trial{}, Scene: p.recorded,
	}
	var over error
	err := measure.Pinned(p.split, func() error {
		progress.Begin(p, r)
		b := newBench(p, progress)
		b.rates, r.PilotFailures = b.pilot(ctx)
		r.Rates = b.rates
		results.Clean(r) // servers' output, of the pilot
		b.trials(ctx, r, &r.Trials)
		r.Settings.Awake = b.awake
		progress.End()
		b.extra(ctx, r)
		b.climbCores(ctx, r)
		over = b.over
		if p.apart {
			r.Hosts, r.Reduced = b.hosts, hosts.Reduced
		}
		if len(r.Hosts) > 0 {
			r.Host = r.Hosts[0].Host
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.ElapsedS = seconds(time.Since(began))
	r.Partial = ctx.Err() != nil || over != nil
	r.Verdicts = results.Judge(r)
	return r, errors.Join(context.Cause(ctx), over)
}

// Again runs the plan's trials of the suspects a second time, at the record's rates, and adds them
// to it as Record.Again. Their round numbers continue those of the first run.
func Again(ctx context.Context, p *Plan, r *results.Record, suspects []gate.Pair, progress Progress) error {
	second := p.only(suspects)
	return errors.Join(measure.Pinned(p.split, func() error {
		progress.Begin(second, r)
		defer progress.End()
		b := newBench(second, progress)
		b.rates = r.Rates
		b.trials(ctx, r, &r.Again)
		return b.over
	}), context.Cause(ctx))
}

// trials runs the plan's trials, one after another, until ctx ends, and adds them to a list of the
// record.
func (b *bench) trials(ctx context.Context, r *results.Record, made *[]results.Trial) {
	for i, s := range b.plan.slots {
		if ctx.Err() != nil || b.over != nil {
			break
		}
		t := b.trial(ctx, s)
		results.Clean(&t) // servers' output
		b.done = append(b.done, t)
		*made = append(*made, t)
		b.progress.Trial(i+1, t, sync.OnceValue(func() *results.Record { return soFar(r) }))
	}
}

// soFar returns a record as it would be if its bench ended now.
func soFar(r *results.Record) *results.Record {
	now := *r
	now.ElapsedS, now.Verdicts = seconds(time.Since(r.Started)), results.Judge(r)
	return &now
}

// Failed returns an error if a trial of the record failed, or a server in the pilot.
func Failed(r *results.Record) error {
	failed := 0
	all := slices.Concat(r.Trials, r.Extra)
	if r.Cores != nil {
		all = append(all, r.Cores.Trials...)
	}
	for _, t := range all {
		if t.Failure != "" {
			failed++
		}
	}
	switch n := len(r.PilotFailures); {
	case failed > 0:
		return fmt.Errorf("%d of %d trials failed: the notes below the table say why", failed, len(all))
	case n > 0:
		return fmt.Errorf("%d of the servers failed before the first round: the notes below the table say why", n)
	}
	return nil
}

// seconds rounds to a microsecond, because further digits are noise to a reader of the file.
func seconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e6 }
