package bench

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"nodecompare/results"
	"nodecompare/results/foreign"
	"nodecompare/results/unit"
)

// longWarmUp is the length from which a warm-up is reported.
const longWarmUp = time.Second

// Silent reports nothing.
type Silent struct{}

func (Silent) Begin(*Plan)                                  {}
func (Silent) WarmUp(string, string, int, time.Duration)    {}
func (Silent) Rung(string, string, int, int, time.Duration) {}
func (Silent) Trial(int, results.Trial)                     {}
func (Silent) Say(string)                                   {}
func (Silent) End()                                         {}

// Lines writes a line for each trial, for logs.
type Lines struct {
	W      io.Writer
	trials int
	plan   *Plan
	done   time.Duration // planned time of the trials that are done
	began  time.Time
}

func (l *Lines) Begin(p *Plan) {
	l.trials, l.plan, l.done, l.began = p.Trials(), p, 0, time.Now()
	if p.note != "" {
		fmt.Fprintln(l.W, p.note)
	}
}

func (l *Lines) WarmUp(string, string, int, time.Duration) {}

func (l *Lines) Rung(string, string, int, int, time.Duration) {}

func (l *Lines) Trial(n int, t results.Trial) {
	l.done += l.plan.slots[n-1].duration()
	fmt.Fprintf(l.W, "[%d/%d] %s; %s\n", n, l.trials, foreign.Line(describe(t)),
		unit.Elapsed(time.Since(l.began), l.plan.Duration()-l.done))
}

func (l *Lines) Say(text string) { fmt.Fprintln(l.W, foreign.Line(text)) }

func (l *Lines) End() {}

// Bar draws a progress bar on a terminal. The bar moves by planned time, because trials of
// different workloads take different times.
type Bar struct {
	W       io.Writer
	Columns int // of the terminal
	bar     *progressbar.ProgressBar
	done    time.Duration // planned time of the finished parts of this trial
	ended   time.Duration // planned time of the trials before
	plan    *Plan
	began   time.Time
}

// What stands beside the bar itself, by the width of the terminal.
const (
	wideBar    = 100
	leastBar   = 80
	wideRoom   = 98
	midRoom    = 76
	narrowRoom = 38
)

func (b *Bar) Begin(p *Plan) {
	b.plan, b.done, b.ended, b.began = p, 0, 0, time.Now() // for a second run too
	if p.note != "" {
		fmt.Fprintln(b.W, p.note)
	}
	b.bar = progressbar.NewOptions64(p.Duration().Milliseconds(),
		progressbar.OptionSetWriter(b.W), progressbar.OptionSetWidth(b.width()),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetRenderBlankState(true),
	)
}

func (b *Bar) width() int {
	switch {
	case b.Columns >= wideBar:
		return max(b.Columns-wideRoom, 4)
	case b.Columns >= leastBar:
		return max(b.Columns-midRoom, 4)
	}
	return max(b.Columns-narrowRoom, 2)
}

// WarmUp shows the current warm-up. The bar moves when the next step is done.
func (b *Bar) WarmUp(mode, workload string, round int, planned time.Duration) {
	b.say(mode, workload, round, "warming up")
	b.set(b.ended + b.done)
	if round == 0 {
		b.ended += planned // a pilot ends without rung and trial
	} else {
		b.done += planned
	}
}

func (b *Bar) Rung(mode, workload string, round, connections int, planned time.Duration) {
	b.say(mode, workload, round, unit.Counted(connections, "connection"))
	b.done += planned
	b.set(b.ended + b.done)
}

func (b *Bar) say(mode, workload string, round int, what string) {
	when := "pilot"
	if round > 0 {
		when = fmt.Sprintf("round %d/%d", round, b.plan.last())
	}
	took, left := time.Since(b.began), b.plan.Duration()-b.ended-b.done
	switch {
	case b.Columns >= wideBar:
		when += fmt.Sprintf(": %s on %s, %s; %s", mode, workload, what, unit.Elapsed(took, left))
	case b.Columns >= leastBar:
		when += fmt.Sprintf(": %s on %s; %s", mode, workload, unit.Elapsed(took, left))
	default:
		when += "; about " + unit.Spoken(left) + " left"
	}
	b.bar.Describe(when)
}

// Trial moves the bar to the planned end of the trial, even if the trial failed half way.
func (b *Bar) Trial(n int, t results.Trial) {
	b.ended += b.plan.slots[n-1].duration()
	b.done = 0
	b.set(b.ended)
	if t.Failure != "" || t.Lost != "" {
		b.Say(describe(t))
	}
}

// Say replaces the bar by a line. The bar continues below.
func (b *Bar) Say(text string) { fmt.Fprintf(b.W, "\r\x1b[K%s\n", foreign.Line(text)) }

func (b *Bar) set(at time.Duration) {
	// A terminal's error does not affect the results.
	if err := b.bar.Set64(min(at.Milliseconds(), b.plan.Duration().Milliseconds()-1)); err != nil {
		b.W = io.Discard
	}
}

// End removes the bar, to make room for the results.
func (b *Bar) End() {
	if err := b.bar.Clear(); err != nil {
		b.W = io.Discard
	}
}

// about names a trial.
func about(t results.Trial) string {
	s := fmt.Sprintf("round %d, %s on %s", t.Round, t.Mode, t.Workload)
	if t.Cores > 0 {
		s += ", " + unit.Counted(t.Cores, "CPU")
	}
	return s
}

// describe summarises a trial in one line.
func describe(t results.Trial) string {
	s := about(t)
	switch {
	case t.Lost != "":
		return s + ": VOID: " + t.Lost
	case t.Failure != "":
		return s + ": FAILED: " + t.Failure
	case t.Interrupted:
		return s + ": interrupted"
	}
	var requests, failed uint64
	for _, r := range t.Rungs {
		requests, failed = requests+r.Requests, failed+r.Errors
	}
	s = fmt.Sprintf("%s: %d requests, %d errors, %.1f s", s, requests, failed, t.ElapsedS)
	if t.WarmUp != nil && t.WarmUp.TookS >= longWarmUp.Seconds() {
		s += fmt.Sprintf(", %.1f s of them to warm up", t.WarmUp.TookS)
	}
	if t.Trust != nil && t.Trust.Status != results.Valid {
		s += fmt.Sprintf(", %s: %s", t.Trust.Status, strings.Join(t.Trust.Rules, ", "))
	}
	return s
}
