package bench

import (
	"context"
	"fmt"
	"time"

	"nodecompare/results"
)

// Progress is told what a bench does, as it does it.
type Progress interface {
	Begin(p *Plan)
	Step(mode, workload string, round, connections int, planned time.Duration) // a rung is done
	Trial(n int, t results.Trial)                                              // the n-th trial, from 1, is done
	End()
}

// Run runs the plan. When ctx ends it stops at once, leaves no child behind, and returns the record of what there is, marked
// as partial, with ctx's error. A trial whose server failed is in the record as failed; the bench goes on.
func Run(ctx context.Context, p *Plan, progress Progress) (*results.Record, error) {
	began := time.Now()
	r := &results.Record{
		Tool: results.Tool, SchemaVersion: results.SchemaVersion, ToolVersion: toolVersion(),
		Started: began.UTC().Truncate(time.Millisecond), Host: thisHost(), Settings: p.settings, Trials: []results.Trial{},
	}
	progress.Begin(p)
	defer progress.End()
	for i, s := range p.slots {
		if ctx.Err() != nil {
			break
		}
		t := runTrial(ctx, s, p.profile, progress)
		r.Trials = append(r.Trials, t)
		progress.Trial(i+1, t)
	}
	r.ElapsedS = seconds(time.Since(began))
	r.Partial = ctx.Err() != nil
	r.Verdicts = results.Judge(r)
	return r, context.Cause(ctx)
}

// Failed is an error when a trial of the record failed.
func Failed(r *results.Record) error {
	failed := 0
	for _, t := range r.Trials {
		if t.Failure != "" {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d trials failed: see the lines marked FAILED", failed, len(r.Trials))
	}
	return nil
}

// seconds is rounded to the microsecond: the digits below are noise that a reader of the file has to look past.
func seconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e6 }
