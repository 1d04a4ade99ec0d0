package bench

import (
	"nodecompare/cmd/screen"
	"nodecompare/results"
	"nodecompare/results/foreign"
	"nodecompare/results/report"
)

// Live shows on a terminal what is being done, and what has been found so far. It draws between
// runs alone, on the load's CPUs.
type Live struct {
	pace
	screen  *screen.Screen
	options func(columns int) report.Options // of a terminal of that width
	found   report.BenchFound                // by the trials so far
}

// NewLive returns a display on a terminal.
func NewLive(terminal screen.File, options func(columns int) report.Options) *Live {
	l := &Live{options: options, screen: screen.New(terminal)}
	l.moved = l.draw
	return l
}

func (l *Live) Begin(p *Plan, r *results.Record) {
	if l.plan == nil {
		l.found = report.FoundBy(soFar(r))
	}
	l.begin(p)
	if p.note != "" {
		l.Say(p.note)
	}
}

func (l *Live) Trial(n int, t results.Trial, soFar func() *results.Record) {
	l.trial(n)
	if t.Failure != "" || t.Lost != "" {
		l.Say(describe(t))
	}
	l.found = report.FoundBy(soFar()) // the next warm-up draws it
}

func (l *Live) Say(text string) { l.screen.Print(foreign.Line(text) + "\n") }

// End wipes the display, to make room for the results.
func (l *Live) End() { l.screen.Wipe() }

func (l *Live) draw() {
	l.screen.Draw(func(columns, rows int) []string {
		return l.found.Lines(l.status(), rows, l.options(columns))
	})
}
