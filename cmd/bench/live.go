package bench

import (
	"time"

	"nodecompare/cmd/screen"
	"nodecompare/results"
	"nodecompare/results/foreign"
	"nodecompare/results/report"
)

// Live shows on a terminal what is being done, and what has been found so far. It draws between
// runs alone, on the load's CPUs.
type Live struct {
	screen  *screen.Screen
	options func(columns int) report.Options // of a terminal of that width
	pace    pace
	record  *results.Record // nil before the first plan
	found   report.BenchFound
}

// NewLive returns a display on a terminal.
func NewLive(terminal screen.File, options func(columns int) report.Options) *Live {
	return &Live{options: options, screen: screen.New(terminal)}
}

func (l *Live) Doing(what string, left time.Duration) {
	l.pace.start()
	l.pace.doing, l.pace.left = what, left
	l.draw()
}

func (l *Live) Begin(p *Plan, r *results.Record) {
	l.record = r
	l.pace.begin(p)
	if p.note != "" {
		l.Say(p.note)
	}
	l.find() // a warm-up, which is next, draws it
}

func (l *Live) WarmUp(mode, workload string, round int, planned time.Duration) {
	l.pace.warmUp(mode, workload, round, planned)
	l.draw()
}

func (l *Live) Rung(mode, workload string, round, connections int, planned time.Duration) {
	l.pace.rung(mode, workload, round, connections, planned)
	l.draw()
}

func (l *Live) Trial(n int, t results.Trial) {
	l.pace.trial(n)
	if t.Failure != "" || t.Lost != "" {
		l.Say(describe(t))
	}
	l.find() // the next warm-up draws it
}

func (l *Live) Say(text string) { l.screen.Print(foreign.Line(text) + "\n") }

// End wipes the display, to make room for the results.
func (l *Live) End() { l.screen.Wipe() }

// find reads the record, which is done once for each trial: it takes longer than to draw.
func (l *Live) find() { l.found = report.FoundBy(l.record) }

func (l *Live) draw() {
	l.screen.Draw(func(columns, rows int) []string {
		return l.found.Lines(l.pace.status(), rows, l.options(columns))
	})
}
