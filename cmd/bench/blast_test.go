package bench

import (
	"strings"
	"testing"
	"time"

	"nodecompare/results"
)

func TestBlastPlan(t *testing.T) {
	p := planned(t,
		Options{Modes: []string{"async", "pool"}, Workloads: []string{"blast-cpu", "hello", "blast-wait"},
			Profile: "quick"}, plenty)
	for i, w := range p.settings.Workloads {
		if blast := i != 1; (w.Poison != nil) != blast ||
			blast && (w.Target != "/" || len(w.Ladder) != 1 || w.Base != usualBase ||
				w.Ladder[0].Connections != w.Base) {
			t.Errorf("%+v", w)
		}
	}
	for _, s := range p.slots {
		b, ok := blastNamed(s.workload.Name)
		if !ok {
			continue
		}
		last := s.rungs[len(s.rungs)-1]
		alone := s.rungs[len(s.rungs)-2]
		if len(s.rungs) != 3 || s.rungs[0].load != results.Closed || s.base().connections != usualBase ||
			alone.load != results.Alone || alone.poison != nil || last.load != results.Amid ||
			*last.poison != b.poison || alone.rate != last.rate {
			t.Errorf("%s: %+v", s.workload.Name, s.rungs)
		}
		if got := float64(last.connections); got < last.rate*last.duration.Seconds() {
			t.Errorf("%s: %v connections: a request would have to wait for another's", s.workload.Name, got)
		}
		if s.rungTime(last) < s.rungTime(alone)+b.poison.lead {
			t.Errorf("%s: the poison's lead is not in the time", s.workload.Name)
		}
		if rate := (&bench{plan: p}).rate(s, last, results.Trial{}); rate != victimRate {
			t.Errorf("%s: a rate of %v", s.workload.Name, rate)
		}
	}
	if _, err := workloadNamed("blast"); err == nil ||
		!strings.Contains(err.Error(), "echo, live, chat, stream, blast-cpu, blast-wait") {
		t.Errorf("an unknown name gives %v, want a list of all", err)
	}
}

// The poison that waits must be more than the usual pool holds, and that which computes less than a
// core.
func TestPoisonRates(t *testing.T) {
	for name, inFlight := range map[string]func(float64) bool{
		"blast-cpu": func(n float64) bool { return n < 0.5 }, "blast-wait": func(n float64) bool { return n > 200 },
	} {
		b, ok := blastNamed(name)
		took := map[string]time.Duration{"/cpu?ms=200": 200 * time.Millisecond,
			"/wait?ms=2000": 2 * time.Second}[b.poison.target]
		if !ok || took == 0 || !inFlight(b.poison.rate*took.Seconds()) {
			t.Errorf("%s: %+v", name, b.poison)
		}
	}
}
