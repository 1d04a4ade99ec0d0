package bench

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"nodecompare/results"
	"nodecompare/results/foreign"
)

// Silent tells nobody.
type Silent struct{}

func (Silent) Begin(*Plan)                                  {}
func (Silent) Rung(string, string, int, int, time.Duration) {}
func (Silent) Trial(int, results.Trial)                     {}
func (Silent) End()                                         {}

// Lines writes a line for each trial: for logs.
type Lines struct {
	W      io.Writer
	trials int
}

func (l *Lines) Begin(p *Plan) {
	l.trials = p.Trials()
	if p.note != "" {
		fmt.Fprintln(l.W, p.note)
	}
}

func (l *Lines) Rung(string, string, int, int, time.Duration) {}

func (l *Lines) Trial(n int, t results.Trial) {
	fmt.Fprintf(l.W, "[%d/%d] %s\n", n, l.trials, foreign.Line(describe(t)))
}

func (l *Lines) End() {}

// Bar draws a progress bar on a terminal. It moves by planned time, since trials of different workloads take different times.
type Bar struct {
	W       io.Writer
	Columns int // of the terminal
	bar     *progressbar.ProgressBar
	done    time.Duration // planned time of what is done in this trial
	ended   time.Duration // and of the trials before
	plan    *Plan
}

func (b *Bar) Begin(p *Plan) {
	b.plan, b.ended, b.done = p, 0, 0
	if p.note != "" {
		fmt.Fprintln(b.W, p.note)
	}
	b.bar = progressbar.NewOptions64(p.Duration().Milliseconds(),
		progressbar.OptionSetWriter(b.W), progressbar.OptionSetWidth(max(b.Columns-56, 8)),
		progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionSetRenderBlankState(true),
	)
}

func (b *Bar) Rung(mode, workload string, round, connections int, planned time.Duration) {
	b.done += planned
	b.bar.Describe(fmt.Sprintf("round %d/%d %-9s %-5s %5d conn", round, b.plan.last(), mode, workload, connections))
	b.set(b.ended + b.done)
}

// Trial moves the bar to where the trial should have brought it, also one that failed half way.
func (b *Bar) Trial(n int, t results.Trial) {
	b.ended += b.plan.slots[n-1].duration(b.plan.profile)
	b.done = 0
	b.set(b.ended)
	if t.Failure != "" {
		fmt.Fprintf(b.W, "\r\x1b[K%s\n", foreign.Line(describe(t)))
	}
}

func (b *Bar) set(at time.Duration) {
	// The error would be the terminal's own; the results do not depend on it.
	if err := b.bar.Set64(min(at.Milliseconds(), b.plan.Duration().Milliseconds()-1)); err != nil {
		b.W = io.Discard
	}
}

// End removes the bar: the results follow.
func (b *Bar) End() {
	if err := b.bar.Clear(); err != nil {
		b.W = io.Discard
	}
}

// describe is a trial in one line.
func describe(t results.Trial) string {
	s := fmt.Sprintf("round %d, %s on %s", t.Round, t.Mode, t.Workload)
	switch {
	case t.Failure != "":
		return s + ": FAILED: " + t.Failure
	case t.Interrupted:
		return s + ": interrupted"
	}
	var requests, errors uint64
	for _, r := range t.Rungs {
		requests, errors = requests+r.Requests, errors+r.Errors
	}
	s = fmt.Sprintf("%s: %d requests, %d errors, %.1f s", s, requests, errors, t.ElapsedS)
	if t.Trust != nil && t.Trust.Status != results.Valid {
		s += fmt.Sprintf(", %s: %s", t.Trust.Status, strings.Join(t.Trust.Rules, ", "))
	}
	return s
}
