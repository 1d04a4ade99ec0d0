package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nodecompare/loadgen"
	"nodecompare/loadgen/cpuset"
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
		p := planned(t,
			Options{Modes: []string{"blocking", "async"}, Workloads: []string{"hello", "wait"},
				Profile: test.profile}, plenty)
		if d := p.Duration(); d < test.least || d > test.most {
			t.Errorf("%s takes %v, want %v to %v", test.profile, d, test.least, test.most)
		}
	}
}

// A bench says what it costs to warm up servers that compile themselves; others are warm at once.
func TestWarmUpsArePlanned(t *testing.T) {
	o := Options{Modes: []string{"blocking", "express", "node"}, Workloads: []string{"hello"}, Profile: "standard"}
	with := planned(t, o, plenty)
	o.Modes = o.Modes[:1]
	without := planned(t, o, plenty)
	d, modes := with.WarmUps()
	if none, nobody := without.WarmUps(); none != 0 || len(nobody) != 0 {
		t.Errorf("blocking: %v, %v", none, nobody)
	}
	if more := with.Duration() - without.Duration(); !slices.Equal(modes, []string{"express", "node"}) ||
		d < 7*13*time.Second || d > more {
		t.Errorf("%v for %v, in a bench that takes %v longer", d, modes, more)
	}
}

func TestUnknownNamesListTheKnown(t *testing.T) {
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{Modes: []string{"php"}}, `unknown mode "php": the known ones are blocking, `},
		{Options{Workloads: []string{"chess"}}, `unknown workload "chess": the known ones are hello, `},
		{Options{Profile: "slow"}, `unknown profile "slow": the known ones are quick, standard, thorough`},
		{Options{Engine: "wrk"}, `unknown load engine "wrk": the known ones are auto, vegeta, loop`},
		{Options{Modes: []string{"async", "async"}}, "mode async is named twice"},
		{Options{Workloads: []string{"db", "db"}}, "workload db is named twice"},
		{Options{Modes: []string{}}, "at least one mode and one workload"},
		{Options{Null: true, Modes: []string{"async", "pool"}},
			"--null measures one mode against itself, and 2 modes were named"},
		{Options{Rounds: -1}, "--rounds=-1: at least 1"},
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
						t.Errorf("%s on %s: %s has %d connections, the base rung %d", p.Name, w.Name,
							r.load, r.connections, base)
					}
					if r.slices > 0 {
						sliced++
					}
					if r.duration <= 0 || r.ramp <= 0 {
						t.Errorf("%s on %s: %+v", p.Name, w.Name, r)
					}
				}
				top := closed[len(closed)-1]
				if top > limit || top < full && note == "" {
					t.Errorf("%s on %s within %d: ends at %d, note %q", p.Name, w.Name, limit, top, note)
				}
				least, leastOpen := 1, 1
				if !w.Asks() {
					least, leastOpen = listenLeast, 0
				}
				if !slices.IsSorted(closed) || closed[0] != least || !slices.Contains(closed, base) ||
					base < 64 || sliced != 1 || open < leastOpen {
					t.Errorf("%s on %s within %d: %+v", p.Name, w.Name, limit, rungs)
				}
			}
			if rungs, _, _ := p.ladder(w, plenty); w.CPU == 0 &&
				rungs[len(rungs)-1].connections != full && !(w.Plays && full > playMost) {
				t.Errorf("%s on %s ends early: %+v", p.Name, w.Name, rungs)
			}
		}
	}
	if _, err := newPlan(Options{Modes: []string{"async"}, Workloads: []string{"hello"}, Profile: "quick"},
		63); err == nil || !strings.Contains(err.Error(), "ulimit -n") {
		t.Errorf("63 connections: got %v, want what to do about it", err)
	}
}

// One mode against itself has two columns, and the trials of both are of that mode.
func TestNullPlan(t *testing.T) {
	p := planned(t,
		Options{Modes: []string{"pool"}, Workloads: []string{"hello"}, Profile: "quick", Null: true, Rounds: 2}, plenty)
	if len(p.settings.Modes) != 2 || p.settings.Modes[0].Name != "pool A" ||
		p.settings.Modes[1].Name != "pool B" || !p.settings.Null || len(p.slots) != 4 {
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
	p := planned(t,
		Options{Modes: []string{"blocking", "async"}, Workloads: []string{"hello", "db"}, Profile: "quick",
			Rounds: 3}, plenty)
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

// By itself vegeta drives what it can offer on time, and the event loop the rest; what was asked
// for is kept to.
func TestEngines(t *testing.T) {
	for _, c := range []struct {
		asked string
		load  string
		rate  float64
		want  string
	}{
		{"", results.Closed, 0, loadgen.Loop}, {Auto, results.Closed, 0, loadgen.Loop},
		{Auto, results.Common, 1, loadgen.Vegeta}, {Auto, results.Common, 10_000, loadgen.Vegeta},
		{Auto, results.Common, 10_001, loadgen.Loop},
		{Auto, results.Own, 1, loadgen.Loop}, {Auto, results.Alone, 200, loadgen.Vegeta},
		{loadgen.Vegeta, results.Closed, 0, loadgen.Vegeta},
		{loadgen.Vegeta, results.Own, 1e6, loadgen.Vegeta}, {loadgen.Loop, results.Common, 1, loadgen.Loop},
	} {
		p := planned(t,
			Options{Modes: []string{"async"}, Workloads: []string{"hello"}, Profile: "quick", Engine: c.asked}, plenty)
		p.split.Server, p.split.Generator = cpuset.CPUs{0, 1}, cpuset.CPUs{2, 3}
		if got := p.engine(c.load, "http://x", c.rate); got != c.want {
			t.Errorf("--engine=%s, %s at %v/s: %s, want %s", c.asked, c.load, c.rate, got, c.want)
		}
	}
}

// The common rate is light for the slowest mode of a workload, and no more than vegeta offers on
// time; unless one was asked for.
func TestCommonRate(t *testing.T) {
	of := func(workload, mode string, capacity float64) results.Rates {
		return results.Rates{Workload: workload, Mode: mode, CapacityRPS: capacity, OwnRPS: share * capacity}
	}
	found := []results.Rates{of("hello", "a", 60_000), of("hello", "b", 30_000), of("db", "a", 8000),
		of("db", "b", 1500)}
	for _, c := range []struct {
		asked float64
		want  []float64
	}{
		{0, []float64{5000, 5000, 750, 750}}, {2000, []float64{2000, 2000, 2000, 2000}},
	} {
		p := planned(t,
			Options{Modes: []string{"async"}, Workloads: []string{"hello", "db"}, Profile: "quick",
				Rate: c.asked}, plenty)
		p.split.Server, p.split.Generator = cpuset.CPUs{0}, cpuset.CPUs{1}
		all := slices.Clone(found)
		p.setCommon(all)
		for i, r := range all {
			if r.CommonRPS != c.want[i] {
				t.Errorf("--rate=%v: %+v, want %v/s", c.asked, r, c.want[i])
			}
		}
		b := &bench{plan: p, rates: all}
		s := slot{name: "a", workload: workload.Workload{Name: "db"}}
		if got := b.rate(s, rung{load: results.Own}, results.Trial{}); got != 4000 {
			t.Errorf("--rate=%v: own share at %v/s", c.asked, got)
		}
	}
	for own, want := range map[float64]float64{5000: 0, 5400: 0, 4700: 0, 5600: 5600, 4500: 4500} {
		b := &bench{plan: &Plan{}, rates: []results.Rates{{Workload: "hello", Mode: "a", CommonRPS: 5000, OwnRPS: own}}}
		if got := b.rate(slot{name: "a", workload: workload.Workload{Name: "hello"}},
			rung{load: results.Own}, results.Trial{}); got != want {
			t.Errorf("own share of %v/s, beside a common rate of 5,000/s, at %v/s", own, got)
		}
	}
	for _, rate := range []float64{-1, 0.5, math.NaN(), 1e6} {
		if _, err := newPlan(Options{Modes: []string{"async"}, Workloads: []string{"hello"},
			Profile: "quick", Rate: rate}, plenty); err == nil {
			t.Errorf("--rate=%v is taken", rate)
		}
	}
}

// A load at the common rate lasts until it has a thousand requests, or a second; one at a mode's
// own share ends when it has enough.
func TestOpenLoadsLastAsLongAsTheyTake(t *testing.T) {
	for _, c := range []struct {
		load          string
		planned, rate float64 // seconds, requests per second
		want          float64
	}{
		{results.Common, 0.2, 5000, 0.2}, {results.Common, 0.2, 2000, 0.5}, {results.Common, 0.2, 100, 1},
		{results.Common, 2, 100, 2}, {results.Common, 0.2, 1, 1},
		{results.Own, 0.2, 60_000, 0.1}, {results.Own, 0.2, 20_000, 0.15}, {results.Own, 0.2, 100, 0.2},
		{results.Closed, 0.2, 100, 0.2},
	} {
		r := rung{load: c.load, duration: time.Duration(c.planned * float64(time.Second))}
		if got := r.at(c.rate).duration.Seconds(); got != c.want {
			t.Errorf("%s of %v s at %v/s lasts %v s, want %v", c.load, c.planned, c.rate, got, c.want)
		}
	}
}

// Every round has every trial once, those of one workload side by side; the seed alone decides the
// order.
func TestRounds(t *testing.T) {
	var modes, workloads []string
	for _, m := range servers.Modes {
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
			Modes: rapid.SliceOfNDistinct(rapid.SampledFrom(modes), 1, len(modes), rapid.ID).Draw(rt, "modes"),
			Workloads: rapid.SliceOfNDistinct(rapid.SampledFrom(workloads), 1, len(workloads),
				rapid.ID).Draw(rt, "workloads"),
			Profile: rapid.SampledFrom([]string{"quick", "standard", "thorough"}).Draw(rt, "profile"),
			Seed:    rapid.Uint64Range(0, 1<<53-1).Draw(rt, "seed"),
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
