package gate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nodecompare/results"
	"nodecompare/results/gate"
)

// secondRun has the new record measured again, with another change.
func secondRun(newer *results.Record, change func(workload, mode string, p *performance)) {
	b := sixRounds
	b.change = change
	for _, t := range b.record(seeded()).Trials {
		if t.Mode == "async" {
			t.Round += b.rounds
			newer.Again = append(newer.Again, t)
		}
	}
}

func cpuOfAsync(factor float64) func(string, string, *performance) {
	return func(_, mode string, p *performance) {
		if mode == "async" {
			p.cpu *= factor
		}
	}
}

func TestGateConfirms(t *testing.T) {
	void := func(r *results.Record) {
		r.Again[2].Rungs[1].Trust = &results.Trust{Status: results.Void, Reasons: []string{"stolen from"}}
	}
	for _, test := range []struct {
		name          string
		first, second float64 // CPU of async
		do            func(*results.Record)
		want          string
		confirmed     bool
		reason        string
	}{
		{"the second run says so too", 1.2, 1.2, nil, gate.Regressed, true,
			"CPU per request regressed, and a second run confirmed it: first +20% (+20 to +20%), then +20%"},
		{"the second run is as before", 1.2, 1, nil, gate.Inconclusive, false,
			"CPU per request seemed to have regressed, and a second run could not confirm it: first +20% " +
				"(+20 to +20%), then 0%"},
		{"the second run is worse by less than the floor", 1.06, 1.04, nil, gate.Pass, false,
			"a second run did not confirm it"},
		{"the second run cannot be used", 1.2, 1.2, void, gate.Inconclusive, false,
			"the second run has too few usable trials to tell: at least 6 are needed"},
		{"there is no second run", 1.2, 1.2, func(r *results.Record) { r.Again = nil }, gate.Regressed,
			false, "CPU per request regressed: +20% (+20 to +20%)"},
		{"another mode was run again", 1.2, 1, func(r *results.Record) {
			for i := range r.Again {
				r.Again[i].Mode = "blocking"
			}
		}, gate.Regressed, false, "CPU per request regressed: +20%"},
	} {
		t.Run(test.name, func(t *testing.T) {
			old, newer := gated(cpuOfAsync(test.first))
			secondRun(newer, cpuOfAsync(test.second))
			if test.do != nil {
				test.do(newer)
			}
			first := gate.Compare(old, newer)
			if want := []gate.Pair{{Workload: "hello", Mode: "async"}}; first.Outcome != gate.Regressed ||
				!cmp.Equal(first.Suspects(), want) {
				t.Fatalf("first %s, suspects %v", first.Outcome, first.Suspects())
			}
			before := slices.Clone(first.Changes)
			g := gate.Confirm(first, old, newer)
			i := slices.IndexFunc(g.Changes, func(c gate.Change) bool {
				return c.Mode == "async" && c.Metric == "CPU per request"
			})
			c := g.Changes[i]
			said := strings.Join(slices.Concat(g.Reasons, g.Notes), "\n")
			if g.Outcome != test.want || c.Outcome != test.want || c.Confirmed != test.confirmed ||
				!strings.Contains(said, "async on hello: "+c.Reason) || !strings.Contains(c.Reason, test.reason) {
				t.Errorf("got %s, %+v, told %q; want %s, %q", g.Outcome, c, said, test.want, test.reason)
			}
			if diff := cmp.Diff(before, first.Changes, cmpopts.IgnoreUnexported(gate.Change{})); diff != "" {
				t.Errorf("Confirm changed the gate that it was given:\n%s", diff)
			}
		})
	}
}

// One trial of six in the baseline that was off leaves it open, also after a second run, and one
// more round of both would tell.
func TestGateSuspectsWhatItCannotProve(t *testing.T) {
	old, newer := gated(cpuOfAsync(1.12))
	for i := range old.Trials {
		if old.Trials[i].Mode == "async" && old.Trials[i].Round == 1 {
			old.Trials[i].Rungs[1].Yardstick.RelativeCPU *= 1.3 // one trial that was off
		}
	}
	g := gate.Compare(old, newer)
	if g.Outcome != gate.Inconclusive || len(g.Suspects()) != 1 {
		t.Fatalf("got %s, %q, suspects %v", g.Outcome, outcomes(g), g.Suspects())
	}
	secondRun(newer, cpuOfAsync(1.12))
	if g = gate.Confirm(g, old, newer); g.Outcome != gate.Inconclusive || g.MoreRounds != 1 {
		t.Errorf("after a second run: %s, %q", g.Outcome, g.Reasons)
	}
}

// A figure without a yardstick beside it is taken as measured or over the yardstick, by which it
// changed less, and each run decides that for itself: a machine that is a hair faster in one and
// slower in the other confirms what both say.
func TestGateConfirmsByEitherMeasure(t *testing.T) {
	old, newer := gated(unchanged)
	secondRun(newer, unchanged)
	worse := func(trials []results.Trial, speed float64) {
		for _, trial := range trials {
			for _, r := range trial.Rungs {
				if y := r.Yardstick; y != nil {
					y.CPUUS *= speed
				}
				if r.Process != nil {
					r.Process.CPUUSPerRequest *= speed
				}
				if trial.Mode == "async" && r.Connections == 1000 {
					r.Process.CPUUSPerRequest *= 1.6
				}
			}
		}
	}
	worse(newer.Trials, 0.99)
	worse(newer.Again, 1.01)
	first := gate.Compare(old, newer)
	g := gate.Confirm(first, old, newer)
	i := slices.IndexFunc(g.Changes, func(c gate.Change) bool {
		return c.Mode == "async" && c.At.Connections == 1000 && c.Metric == "CPU per request"
	})
	if first.Outcome != gate.Regressed || g.Outcome != gate.Regressed || i < 0 || !g.Changes[i].Confirmed {
		t.Errorf("first %s %q, then %s %q", first.Outcome, first.Reasons, g.Outcome, g.Reasons)
	}
}

// A trial that was lost, of which nothing is read, counts as one that is missing.
func TestGateOfALostTrial(t *testing.T) {
	old, newer := gated(unchanged)
	for i, trial := range newer.Trials {
		if trial.Mode == "async" && trial.Round == 3 {
			newer.Trials[i].Lost = "the yardstick: pid 7 was ended by signal 9"
			newer.Trials[i].Rungs[2].Errors = newer.Trials[i].Rungs[2].Requests
		}
	}
	g := gate.Compare(old, newer)
	if g.Outcome != gate.Invalid || !strings.Contains(strings.Join(g.Reasons, "\n"), "VOID") {
		t.Errorf("%s: %q, %q", g.Outcome, g.Reasons, outcomes(g))
	}
}
