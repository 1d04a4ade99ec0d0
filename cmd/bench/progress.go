package bench

import (
	"fmt"
	"io"
	"strings"
	"time"

	"nodecompare/results"
	"nodecompare/results/foreign"
	"nodecompare/results/report"
	"nodecompare/results/unit"
	"nodecompare/servers/workload"
)

// longWarmUp is the length from which a warm-up is reported.
const longWarmUp = time.Second

// Silent reports nothing.
type Silent struct{}

func (Silent) Begin(*Plan, *results.Record)                     {}
func (Silent) Doing(string, time.Duration)                      {}
func (Silent) WarmUp(string, string, int, time.Duration)        {}
func (Silent) Rung(string, string, int, int, time.Duration)     {}
func (Silent) Trial(int, results.Trial, func() *results.Record) {}
func (Silent) Say(string)                                       {}
func (Silent) End()                                             {}

// Lines writes a line for each trial, for logs.
type Lines struct {
	W io.Writer
	pace
}

func (l *Lines) Begin(p *Plan, _ *results.Record) {
	l.moved = func() {} // nothing is shown between trials
	l.begin(p)
	if p.note != "" {
		fmt.Fprintln(l.W, p.note)
	}
}

func (l *Lines) Doing(string, time.Duration) { l.start() }

func (l *Lines) Trial(n int, t results.Trial, _ func() *results.Record) {
	l.trial(n)
	s := l.status()
	fmt.Fprintf(l.W, "[%d/%d] %s; %s\n", n, l.plan.Trials(), foreign.Line(describe(t)), unit.Elapsed(s.Elapsed, s.Left))
}

func (l *Lines) Say(text string) { fmt.Fprintln(l.W, foreign.Line(text)) }

func (l *Lines) End() {}

// Several report to each of several.
type Several []Progress

func (s Several) Begin(p *Plan, r *results.Record) {
	for _, each := range s {
		each.Begin(p, r)
	}
}

func (s Several) Doing(what string, left time.Duration) {
	for _, each := range s {
		each.Doing(what, left)
	}
}

func (s Several) WarmUp(mode, workload string, round int, planned time.Duration) {
	for _, each := range s {
		each.WarmUp(mode, workload, round, planned)
	}
}

func (s Several) Rung(mode, workload string, round, connections int, planned time.Duration) {
	for _, each := range s {
		each.Rung(mode, workload, round, connections, planned)
	}
}

func (s Several) Trial(n int, t results.Trial, soFar func() *results.Record) {
	for _, each := range s {
		each.Trial(n, t, soFar)
	}
}

func (s Several) Say(text string) {
	for _, each := range s {
		each.Say(text)
	}
}

func (s Several) End() {
	for _, each := range s {
		each.End()
	}
}

// pace is how far a bench is, by planned time, because trials of different workloads take different
// times. It is the part of Progress that all who show it have in common.
type pace struct {
	moved    func() // called when it has changed
	began    time.Time
	plan     *Plan
	before   time.Duration // planned time of what is over: plans, pilots and trials
	done     time.Duration // planned time of the finished parts of this trial
	left     time.Duration // before the first plan
	doing    string
	workload string
}

// start begins to count the time, once.
func (p *pace) start() {
	if p.began.IsZero() {
		p.began = time.Now()
	}
}

func (p *pace) Doing(what string, left time.Duration) {
	p.start()
	p.doing, p.left = what, left
	p.moved()
}

func (p *pace) begin(plan *Plan) {
	p.start()
	p.plan, p.before, p.done, p.doing = plan, 0, 0, "Starting"
}

func (p *pace) WarmUp(mode, workload string, round int, planned time.Duration) {
	defer p.moved()
	p.workload = workload
	if round == 0 {
		p.doing = fmt.Sprintf("Pilot: how much %s can do on %s", mode, workload)
		p.before += planned // a pilot ends without rung and trial
		return
	}
	p.doing = fmt.Sprintf("Round %d of %d: %s on %s, warming up", round, p.plan.last(), mode, workload)
	p.done += planned
}

func (p *pace) Rung(mode, workload string, round, connections int, planned time.Duration) {
	p.doing = fmt.Sprintf("Round %d of %d: %s on %s, %s done", round, p.plan.last(), mode, workload,
		unit.Counted(connections, "connection"))
	p.done += planned
	p.moved()
}

// trial moves to the planned end of the n-th trial, even if it failed half way.
func (p *pace) trial(n int) {
	p.before += p.plan.slots[n-1].duration()
	p.done = 0
}

// status is the pace for people.
func (p *pace) status() report.BenchStatus {
	s := report.BenchStatus{Doing: foreign.Line(p.doing), Workload: p.workload, Left: p.left,
		Elapsed: time.Since(p.began)}
	if p.plan != nil {
		s.Left = max(0, p.plan.Whole()-p.before-p.done)
	}
	s.Share = float64(s.Elapsed) / float64(max(s.Elapsed+s.Left, 1))
	return s
}

// about names a trial.
func about(t results.Trial) string {
	s := fmt.Sprintf("round %d, %s on %s", t.Round, t.Mode, t.Workload)
	if t.Cores > 0 {
		s += ", " + unit.Counted(t.Cores, "CPU")
	}
	return s
}

// counts names what a trial's loads count.
func counts(t results.Trial) string {
	for _, w := range workload.All {
		switch {
		case w.Name == t.Workload && w.Tells:
			return "events"
		case w.Name == t.Workload && w.Talks:
			return "deliveries"
		case w.Name == t.Workload && w.Plays:
			return "segments"
		}
	}
	return "requests"
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
	s = fmt.Sprintf("%s: %d %s, %s, %.1f s", s, requests, counts(t), unit.Counted(failed, "error"), t.ElapsedS)
	if t.WarmUp != nil && t.WarmUp.TookS >= longWarmUp.Seconds() {
		s += fmt.Sprintf(", %.1f s of them to warm up", t.WarmUp.TookS)
	}
	if t.Trust != nil && t.Trust.Status != results.Valid {
		doubted := 0
		for _, r := range t.Rungs {
			if r.Trust != nil && r.Trust.Status == t.Trust.Status {
				doubted++
			}
		}
		s += ", " + t.Trust.Status
		if doubted > 0 { // else it is of the warm-up, or of the trial as a whole
			s += fmt.Sprintf(" in %d of %s", doubted, unit.Counted(len(t.Rungs), "run"))
		}
		s += ": " + strings.Join(t.Trust.Rules, ", ")
	}
	return s
}
