package bench

import (
	"fmt"
	"testing"
	"time"

	"nodecompare/loadgen/cpuset"
	"nodecompare/results"
)

// BenchmarkPhases says where the time of a bench goes that has the command line's defaults.
//
//	go test ./cmd/bench -run '^$' -bench Phases -benchtime 1x
func BenchmarkPhases(b *testing.B) {
	p, err := NewPlan(Options{Modes: []string{"blocking", "async"}, Workloads: []string{"hello", "wait"},
		Profile: "standard", Pin: cpuset.Pin{Auto: true}, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	w := &stopwatch{spent: map[string]time.Duration{}}
	for b.Loop() {
		if _, err := Run(b.Context(), p, w); err != nil {
			b.Fatal(err)
		}
	}
	for phase, d := range w.spent {
		b.ReportMetric(d.Seconds()/float64(b.N), phase)
	}
	b.Logf("planned: %v; %d extra trials", p.Duration(), w.extra)
}

// stopwatch takes the time from one step of a bench to the next.
type stopwatch struct {
	Silent
	spent map[string]time.Duration // seconds, by phase
	last  time.Time
	more  bool // extra rounds are on
	extra int  // trials of theirs
	rungs int  // of this trial so far
	pilot bool // one goes on
}

// lap adds the time since the last step to a phase.
func (s *stopwatch) lap(phase string) {
	if s.more {
		phase = "extra-s"
	}
	s.spent[phase] += time.Since(s.last)
	s.last = time.Now()
}

func (s *stopwatch) Begin(p *Plan, _ *results.Record) {
	s.last, s.more = time.Now(), p.note != ""
}

func (s *stopwatch) WarmUp(_, _ string, round int, _ time.Duration) {
	if s.pilot {
		s.lap("pilot-s")
	} else {
		s.lap("start-s")
	}
	s.pilot, s.rungs = round == 0, 0
}

func (s *stopwatch) Rung(_, workload string, _, connections int, _ time.Duration) {
	base := map[string]int{"hello": usualBase, "wait": waitingBase}[workload]
	switch s.rungs++; {
	case s.rungs == 1:
		s.lap("base-s")
	case connections == base:
		s.lap("open-s")
	default:
		s.lap(fmt.Sprintf("at-%d-s", connections))
	}
}

func (s *stopwatch) Trial(_ int, t results.Trial, _ func() *results.Record) {
	s.lap("stop-s")
	if s.more {
		s.extra++
	} else if t.WarmUp != nil { // which the first rung was taken together with
		warm := time.Duration(t.WarmUp.TookS * float64(time.Second))
		s.spent["warm-s"] += warm
		s.spent["base-s"] -= warm
	}
}
