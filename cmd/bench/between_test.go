package bench

import (
	"slices"
	"testing"
	"time"

	"nodecompare/results"
)

// Only the last round of a profile that asks for it goes on between the rungs, and there only where
// the ladder ends the trial.
func TestWhichTrialsSearch(t *testing.T) {
	o := Options{Modes: []string{"blocking", "async"}, Workloads: []string{"hello", "overload", "blast-cpu", "chat"},
		Seed: 1}
	for _, profile := range Profiles {
		o.Profile, o.Null = profile.Name, false
		p := planned(t, o, plenty)
		for _, s := range p.slots {
			want := profile.Name == "standard" && s.round == 6 &&
				(s.workload.Name == "hello" || s.workload.Name == "chat")
			_, most := s.search()
			if s.closer != want || (s.betweenPlanned() > 0) != want || s.betweenPlanned() > most {
				t.Errorf("%s, round %d of %s: %v, for %v", profile.Name, s.round, s.workload.Name, s.closer,
					s.betweenPlanned())
			}
		}
		extra := p.extra([]results.Open{{Workload: "hello", A: "blocking", B: "async"}}, 6)
		if len(extra.slots) == 0 || slices.ContainsFunc(extra.slots, func(s slot) bool { return s.closer }) {
			t.Errorf("%s: extra rounds: %+v", profile.Name, extra.slots)
		}
	}
	o.Profile, o.Null, o.Modes = "standard", true, []string{"async"}
	if p := planned(t, o, plenty); slices.ContainsFunc(p.slots, func(s slot) bool { return s.closer }) {
		t.Error("a bench of a mode against itself has no use for it")
	}
}

// The runs are like the rung above them, without its slices and shorter.
func TestAbove(t *testing.T) {
	p := planned(t, Options{Modes: []string{"async"}, Workloads: []string{"hello"}, Profile: "standard"}, plenty)
	for n, like := range map[int]int{2: 8, 8: 64, 23: 64, 181: 512, 715: 1000} {
		got := p.slots[0].above(n)
		i := slices.IndexFunc(p.slots[0].rungs, func(r rung) bool {
			return r.load == results.Closed && r.connections == like
		})
		want := p.slots[0].rungs[i]
		want.connections, want.slices, want.duration = n, 0, min(want.duration, 100*time.Millisecond)
		want.ramp = min(want.ramp, 30*time.Millisecond)
		if got != want {
			t.Errorf("%d connections: %+v, want %+v", n, got, want)
		}
	}
}

// Who hears is tried with more than the ladder has, for as long as on the ladder.
func TestAboveTheLadder(t *testing.T) {
	p := planned(t, Options{Modes: []string{"async"}, Workloads: []string{"live"}, Profile: "standard"}, plenty)
	s := p.slots[0]
	want := s.rungs[len(s.rungs)-1]
	want.connections = 2828
	if got := s.above(2828); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if w := p.settings.Workloads[0]; w.Beyond != beyondMost {
		t.Errorf("the search ends at %d connections", w.Beyond)
	}
}

// Slices are repeated where requests are asked for. Who hears has no rate for that.
func TestWhichTrialsRepeatTheirSlices(t *testing.T) {
	p := planned(t, Options{Modes: []string{"async"}, Workloads: []string{"hello", "chat", "live", "stream"},
		Profile: "standard"}, plenty)
	for _, s := range p.slots {
		s.mode.Compiles = time.Second
		if want := s.workload.Name == "hello"; s.again() != want {
			t.Errorf("%s: %v", s.workload.Name, s.again())
		}
	}
}
