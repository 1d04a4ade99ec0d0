package bench

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/results/gate"
	"nodecompare/servers"
	"nodecompare/servers/workload"
)

const plenty = 1 << 20 // connections

func planned(t *testing.T, o Options, limit int) *Plan {
	t.Helper()
	p, err := newPlan(o, limit)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What the documentation promises about time.
func TestPlannedDurations(t *testing.T) {
	for _, test := range []struct {
		profile     string
		least, most time.Duration
	}{
		{"quick", 10 * time.Second, time.Minute},
		{"standard", 50 * time.Second, 78 * time.Second}, // 90 s with spareShare and the selftest on top
		{"thorough", 3 * time.Minute, 16 * time.Minute},
	} {
		p := planned(t, Options{Modes: []string{"blocking", "async"}, Workloads: []string{"hello", "wait"}, Profile: test.profile}, plenty)
		if d := p.Duration(); d < test.least || d > test.most {
			t.Errorf("%s takes %v, want %v to %v", test.profile, d, test.least, test.most)
		}
	}
}

func TestUnknownNamesListTheKnown(t *testing.T) {
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{Modes: []string{"php"}}, `unknown mode "php": the known ones are blocking, `},
		{Options{Workloads: []string{"chat"}}, `unknown workload "chat": the known ones are hello, `},
		{Options{Profile: "slow"}, `unknown profile "slow": the known ones are quick, standard, thorough`},
		{Options{Engine: "wrk"}, `unknown load engine "wrk": the known ones are auto, vegeta, loop`},
		{Options{Modes: []string{"async", "async"}}, "mode async is named twice"},
		{Options{Workloads: []string{"db", "db"}}, "workload db is named twice"},
		{Options{Modes: []string{}}, "at least one mode and one workload"},
		{Options{Null: true, Modes: []string{"async", "pool"}}, "2 modes: one mode can be measured against itself"},
		{Options{Rounds: -1}, "-1 rounds: at least 1"},
		{Options{Workloads: []string{}}, "at least one mode and one workload"},
	} {
		o := test.o
		if o.Modes == nil {
			o.Modes = []string{"async"}
		}
		if o.Workloads == nil {
			o.Workloads = []string{"hello"}
		}
		if o.Profile == "" {
			o.Profile = "quick"
		}
		if _, err := newPlan(o, plenty); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want %q", test.o, err, test.want)
		}
	}
}

func TestLaddersRespectTheLimitAndTheWork(t *testing.T) {
	for _, p := range Profiles {
		if p.Rounds < 6 {
			t.Errorf("%s has %d rounds: no median of so few has an interval of 95%%", p.Name, p.Rounds)
		}
		full := p.Ladder[len(p.Ladder)-1].connections
		for _, w := range workload.All {
			for _, limit := range []int{64, 100, 1000, 5000, plenty} {
				rungs, base, note := p.ladder(w, limit)
				var closed []int
				open, sliced := 0, 0
				for _, r := range rungs {
					if r.load == results.Closed {
						closed = append(closed, r.connections)
					} else if open++; r.connections != base {
						t.Errorf("%s on %s: %s has %d connections, the base rung %d", p.Name, w.Name, r.load, r.connections, base)
					}
					if r.slices > 0 {
						sliced++
					}
					if r.duration <= 0 || r.settle <= 0 {
						t.Errorf("%s on %s: %+v", p.Name, w.Name, r)
					}
				}
				top := closed[len(closed)-1]
				if top > limit || top < full && note == "" {
					t.Errorf("%s on %s within %d: ends at %d, note %q", p.Name, w.Name, limit, top, note)
				}
				if !slices.IsSorted(closed) || closed[0] != 1 || !slices.Contains(closed, base) || base < 64 || sliced != 1 || open < 1 {
					t.Errorf("%s on %s within %d: %+v", p.Name, w.Name, limit, rungs)
				}
			}
			if rungs, _, _ := p.ladder(w, plenty); w.CPU == 0 && rungs[len(rungs)-1].connections != full {
				t.Errorf("%s on %s ends early: %+v", p.Name, w.Name, rungs)
			}
		}
	}
	if _, err := newPlan(Options{Modes: []string{"async"}, Workloads: []string{"hello"}, Profile: "quick"}, 63); err == nil || !strings.Contains(err.Error(), "ulimit -n") {
		t.Errorf("63 connections: got %v, want what to do about it", err)
	}
}

// One mode against itself has two columns, and the trials of both are of that mode.
func TestNullPlan(t *testing.T) {
	p := planned(t, Options{Modes: []string{"pool"}, Workloads: []string{"hello"}, Profile: "quick", Null: true, Rounds: 2}, plenty)
	if len(p.settings.Modes) != 2 || p.settings.Modes[0].Name != "pool A" || p.settings.Modes[1].Name != "pool B" || !p.settings.Null || len(p.slots) != 4 {
		t.Errorf("%+v with %d trials", p.settings, len(p.slots))
	}
	for _, s := range p.slots {
		if s.mode.Name != "pool" {
			t.Errorf("%s runs %s", s.name, s.mode.Name)
		}
	}
}

// A second run has the suspects alone, in rounds that count on, and no pilot.
func TestSecondRun(t *testing.T) {
	p := planned(t, Options{Modes: []string{"blocking", "async"}, Workloads: []string{"hello", "db"}, Profile: "quick", Rounds: 3}, plenty)
	second := p.only([]gate.Pair{{Workload: "db", Mode: "async"}})
	if len(second.slots) != 3 || second.Duration() >= p.Duration()/3 {
		t.Errorf("%d trials, %v of %v", len(second.slots), second.Duration(), p.Duration())
	}
	for i, s := range second.slots {
		if s.round != 4+i || s.workload.Name != "db" || s.name != "async" {
			t.Errorf("trial %d: round %d, %s on %s", i, s.round, s.name, s.workload.Name)
		}
	}
}

// By itself vegeta drives what it can offer on time, and the event loop the rest; what was asked for is kept to.
func TestEngines(t *testing.T) {
	for _, c := range []struct {
		asked string
		rate  float64
		want  string
	}{
		{"", 0, loadgen.Loop}, {Auto, 0, loadgen.Loop}, {Auto, 1, loadgen.Vegeta}, {Auto, 5000, loadgen.Vegeta}, {Auto, 5001, loadgen.Loop},
		{loadgen.Vegeta, 0, loadgen.Vegeta}, {loadgen.Vegeta, 1e6, loadgen.Vegeta}, {loadgen.Loop, 1, loadgen.Loop},
	} {
		p := planned(t, Options{Modes: []string{"async"}, Workloads: []string{"hello"}, Profile: "quick", Engine: c.asked}, plenty)
		if got := p.engine("http://x", c.rate); got != c.want {
			t.Errorf("--engine=%s at %v/s: %s, want %s", c.asked, c.rate, got, c.want)
		}
	}
}

// Every round has every trial once, those of one workload side by side; the seed alone decides the order.
func TestRounds(t *testing.T) {
	var modes, workloads []string
	for _, m := range servers.Own() {
		modes = append(modes, m.Name)
	}
	for _, w := range workload.All {
		workloads = append(workloads, w.Name)
	}
	order := func(p *Plan) (all []string) {
		for _, s := range p.slots {
			all = append(all, fmt.Sprint(s.round, " ", s.workload.Name, " ", s.name))
		}
		return all
	}
	rapid.Check(t, func(rt *rapid.T) {
		o := Options{
			Modes:     rapid.SliceOfNDistinct(rapid.SampledFrom(modes), 1, len(modes), rapid.ID).Draw(rt, "modes"),
			Workloads: rapid.SliceOfNDistinct(rapid.SampledFrom(workloads), 1, len(workloads), rapid.ID).Draw(rt, "workloads"),
			Profile:   rapid.SampledFrom([]string{"quick", "standard", "thorough"}).Draw(rt, "profile"),
			Seed:      rapid.Uint64Range(0, 1<<53-1).Draw(rt, "seed"),
		}
		p := planned(t, o, plenty)
		if diff := cmp.Diff(order(p), order(planned(t, o, plenty))); diff != "" {
			rt.Fatalf("the same seed gives another order:\n%s", diff)
		}
		round := len(o.Modes) * len(o.Workloads)
		if len(p.slots) != round*p.profile.Rounds || p.Trials() != len(p.slots) {
			rt.Fatalf("%d trials in %d rounds of %d", len(p.slots), p.profile.Rounds, round)
		}
		seen := map[string]bool{}
		for i, s := range p.slots {
			if s.round != 1+i/round {
				rt.Fatalf("trial %d is of round %d", i, s.round)
			}
			if first := p.slots[i-i%len(o.Modes)]; first.workload.Name != s.workload.Name {
				rt.Fatalf("trials of %s and %s are mixed", first.workload.Name, s.workload.Name)
			}
			seen[fmt.Sprint(s.round, s.workload.Name, s.mode.Name)] = true
		}
		if len(seen) != len(p.slots) {
			rt.Fatalf("%d different trials among %d", len(seen), len(p.slots))
		}
	})
	// Over many rounds each mode runs first about as often as the other.
	var groups [][]slot
	for range 2 {
		groups = append(groups, []slot{{name: "first"}, {name: "second"}})
	}
	first := 0
	slots := shuffled(groups, 1000, 1)
	for i := 0; i < len(slots); i += 2 {
		if slots[i].name == "first" {
			first++
		}
	}
	if first < 900 || first > 1100 {
		t.Errorf("of 2,000 pairs, %d began with the first mode", first)
	}
}
