package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/results"
	"nodecompare/results/gate"
)

// Progress is told what a bench does, as it does it.
type Progress interface {
	Begin(p *Plan)
	// it begins, in the pilot in round 0: then it is all that is told of it
	WarmUp(mode, workload string, round int, planned time.Duration)
	Rung(mode, workload string, round, connections int, planned time.Duration) // it is done
	Trial(n int, t results.Trial)                                              // the n-th trial, from 1, is done
	Say(text string)                                                           // what goes on otherwise
	End()
}

// spareShare bounds what runs that are made again may add to a bench: one part in so many of its
// planned time.
const spareShare = 20

// bench is what the trials of a bench share.
type bench struct {
	plan     *Plan
	progress Progress
	rates    []results.Rates
	spare    time.Duration // that is left for making VOID runs again
	awake    bool          // the load keeps idle CPUs from sleeping
	done     []results.Trial
	hung     map[gate.Pair]int
}

// Run runs the plan. When ctx ends it stops at once, leaves no child behind, and returns the record
// of what there is, marked as partial, with ctx's error. A trial whose server failed is in the
// record as failed; the bench goes on. There is no record when this process could not be pinned.
// While it is, Run must not be called again.
func Run(ctx context.Context, p *Plan, progress Progress) (*results.Record, error) {
	began := time.Now()
	r := &results.Record{
		Tool: results.Tool, SchemaVersion: results.SchemaVersion, ToolVersion: measure.ToolVersion(),
		Started: began.UTC().Truncate(time.Millisecond), Host: measure.Host(), Settings: p.settings,
		Trials: []results.Trial{},
	}
	err := measure.Pinned(p.split, func() error {
		progress.Begin(p)
		b := &bench{plan: p, progress: progress, spare: p.Duration() / spareShare}
		b.rates, r.PilotFailures = b.pilot(ctx)
		r.Rates = b.rates
		r.Trials = append(r.Trials, b.trials(ctx)...)
		r.Settings.Awake = b.awake
		progress.End()
		b.extra(ctx, r)
		b.climbCores(ctx, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.ElapsedS = seconds(time.Since(began))
	r.Partial = ctx.Err() != nil
	r.Verdicts = results.Judge(r)
	return r, context.Cause(ctx)
}

// Again runs the plan's trials of some modes and workloads a second time, at the rates of the
// record, and adds them to it as such. Their rounds count on from those of the first.
func Again(ctx context.Context, p *Plan, r *results.Record, suspects []gate.Pair, progress Progress) error {
	second := p.only(suspects)
	return errors.Join(measure.Pinned(p.split, func() error {
		progress.Begin(second)
		defer progress.End()
		b := &bench{plan: second, progress: progress, rates: r.Rates, spare: second.Duration() / spareShare}
		r.Again = append(r.Again, b.trials(ctx)...)
		return nil
	}), context.Cause(ctx))
}

// trials runs the plan's, one after the other, until ctx ends.
func (b *bench) trials(ctx context.Context) []results.Trial {
	for i, s := range b.plan.slots {
		if ctx.Err() != nil {
			break
		}
		t := b.trial(ctx, s)
		b.done = append(b.done, t)
		b.progress.Trial(i+1, t)
	}
	return b.done
}

// Failed is an error when a trial of the record failed, or a server in the pilot before them.
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

// seconds is rounded to the microsecond: the digits below are noise that a reader of the file has
// to look past.
func seconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e6 }
