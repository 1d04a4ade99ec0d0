package bench

import (
	"strings"
	"testing"

	"nodecompare/results"
)

// Extra rounds are of the open pairs' modes alone, on the base rung alone, and count on from the
// full ones.
func TestExtraRoundsAreOfWhatIsOpen(t *testing.T) {
	p, err := newPlan(Options{Modes: []string{"blocking", "async", "goroutine"},
		Workloads: []string{"hello", "wait"}, Profile: "quick"}, 20000)
	if err != nil {
		t.Fatal(err)
	}
	more := p.extra([]results.Open{{Workload: "hello", A: "async", B: "goroutine"}}, 8)
	if len(more.slots) != 2*results.ExtraRounds {
		t.Fatalf("%d trials", len(more.slots))
	}
	for i, s := range more.slots {
		if s.workload.Name != "hello" || s.name == "blocking" || s.round != 9+i/2 || len(s.rungs) != 1 ||
			s.rungs[0].connections != usualBase {
			t.Errorf("%+v", s)
		}
	}
	if more.Duration() >= p.Duration()/4 || !strings.Contains(more.note, "rounds 9 to 10") ||
		!strings.HasSuffix(more.note, "async on hello, goroutine on hello") {
		t.Errorf("%v of %v, %q", more.Duration(), p.Duration(), more.note)
	}
	if none := p.extra(nil, 6); len(none.slots) != 0 {
		t.Errorf("of nothing: %d trials", len(none.slots))
	}
	if s := p.String(); !strings.HasSuffix(s, "up to 12 in all, of what they leave open") {
		t.Errorf("%q", s)
	}
}

// Who asks for a number of rounds gets it.
func TestAskedRoundsAreNotExtended(t *testing.T) {
	p, err := newPlan(Options{Modes: []string{"blocking", "async"}, Workloads: []string{"hello"},
		Profile: "quick", Rounds: 6}, 20000)
	if err != nil {
		t.Fatal(err)
	}
	r := &results.Record{Settings: p.settings}
	(&bench{plan: p, progress: Silent{}}).extra(t.Context(), r)
	if !p.asked || strings.Contains(p.String(), "extra") || r.Extra != nil {
		t.Errorf("%v, %s", p.asked, p)
	}
}
