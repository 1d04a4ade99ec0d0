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
	record  *results.Record                  // nil before the first plan
	found   report.BenchFound
}

// NewLive returns a display on a terminal.
func NewLive(terminal screen.File, options func(columns int) report.Options) *Live {
	l := &Live{options: options, screen: screen.New(terminal)}
	l.moved = l.draw
	return l
}

func (l *Live) Begin(p *Plan, r *results.Record) {
	l.record = r
	l.begin(p)
	if p.note != "" {
		l.Say(p.note)
	}
	l.find() // a warm-up, which is next, draws it
}

func (l *Live) Trial(n int, t results.Trial) {
	l.trial(n)
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
		return l.found.Lines(l.status(), rows, l.options(columns))
	})
}
