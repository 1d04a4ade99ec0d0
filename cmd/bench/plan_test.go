package bench

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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
		{"quick", 10 * time.Second, 25 * time.Second},
		{"standard", 50 * time.Second, 80 * time.Second}, // 90 s with spareShare on top
		{"thorough", 3 * time.Minute, 15 * time.Minute},
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
		{Options{Modes: []string{"node"}}, `unknown mode "node": the known ones are blocking, `},
		{Options{Workloads: []string{"chat"}}, `unknown workload "chat": the known ones are hello, `},
		{Options{Profile: "slow"}, `unknown profile "slow": the known ones are quick, standard, thorough`},
		{Options{Engine: "wrk"}, `unknown load engine "wrk": the known ones are vegeta, loop`},
		{Options{Modes: []string{"async", "async"}}, "mode async is named twice"},
		{Options{Workloads: []string{"db", "db"}}, "workload db is named twice"},
		{Options{Modes: []string{}}, "at least one mode and one workload"},
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
		for _, w := range workload.All {
			for _, limit := range []int{64, 100, 1000, 5000, plenty} {
				rungs, note := p.ladder(w.Name, limit)
				top := rungs[len(rungs)-1].connections
				full := p.Ladder[len(p.Ladder)-1].connections
				if top > limit || (top < full) != (note != "") {
					t.Errorf("%s on %s within %d: ends at %d, note %q", p.Name, w.Name, limit, top, note)
				}
				if !slices.IsSortedFunc(rungs, func(a, b rung) int { return a.connections - b.connections }) ||
					!slices.ContainsFunc(rungs, func(r rung) bool { return r.connections == 64 }) {
					t.Errorf("%s on %s within %d: %v", p.Name, w.Name, limit, rungs)
				}
			}
			if rungs, _ := p.ladder(w.Name, plenty); heavy[w.Name].most == 0 && rungs[len(rungs)-1].connections < 1000 {
				t.Errorf("%s on %s ends below 1,000 connections: %v", p.Name, w.Name, rungs)
			}
		}
	}
	if _, err := newPlan(Options{Modes: []string{"async"}, Workloads: []string{"hello"}, Profile: "quick"}, 63); err == nil || !strings.Contains(err.Error(), "ulimit -n") {
		t.Errorf("63 connections: got %v, want what to do about it", err)
	}
}

// Every round has every trial once, those of one workload side by side; the seed alone decides the order.
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
			all = append(all, fmt.Sprint(s.round, " ", s.workload.Name, " ", s.mode.Name))
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
		if len(p.slots) != round*p.Rounds() || p.Trials() != len(p.slots) {
			rt.Fatalf("%d trials in %d rounds of %d", len(p.slots), p.Rounds(), round)
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
		groups = append(groups, []slot{{mode: servers.Modes[0]}, {mode: servers.Modes[1]}})
	}
	first := 0
	slots := shuffled(groups, 1000, 1)
	for i := 0; i < len(slots); i += 2 {
		if slots[i].mode.Name == servers.Modes[0].Name {
			first++
		}
	}
	if first < 900 || first > 1100 {
		t.Errorf("of 2,000 pairs, %d began with the first mode", first)
	}
}
