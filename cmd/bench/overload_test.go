package bench

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nodecompare/loadgen"
	"nodecompare/results"
)

// The workload overload ends with one in every profile; in thorough all do, but those that only
// wait and those with poison.
func TestOverloadPlan(t *testing.T) {
	for _, profile := range Profiles {
		p := planned(t,
			Options{Modes: []string{"async"},
				Workloads: []string{"hello", "wait", "cpu", "overload", "blast-cpu"}, Profile: profile.Name}, plenty)
		want := map[string]bool{"overload": true, "hello": profile.Overload, "cpu": profile.Overload}
		for _, w := range p.settings.Workloads {
			if (w.Surge != nil) != want[w.Name] ||
				strings.Contains(w.Note, "No overload") != (profile.Overload && w.Name == "wait") {
				t.Errorf("%s: %s has a surge of %+v, note %q", profile.Name, w.Name, w.Surge, w.Note)
			}
		}
		for _, s := range p.slots {
			last := s.rungs[len(s.rungs)-1]
			if (last.surge != nil) != want[s.workload.Name] {
				t.Errorf("%s: %s ends with %+v", profile.Name, s.workload.Name, last)
			}
			if last.surge == nil {
				continue
			}
			// A queue that is answered in order is gone two lengths after the surge, and the window
			// that shows it must fit in.
			if rest := last.duration - last.surge.lasting; rest < 3*last.surge.lasting ||
				rest < 2*last.surge.lasting+recoverySteps*recorderStep {
				t.Errorf("%s: %v for a surge of %v", profile.Name, rest, last.surge.lasting)
			}
			if s.rungTime(last) < last.duration || s.rungTime(last) > 2*last.duration {
				t.Errorf("%s: an overload of %v is planned to take %v", profile.Name, last.duration, s.rungTime(last))
			}
		}
		few := planned(t,
			Options{Modes: []string{"async"}, Workloads: []string{"overload"}, Profile: profile.Name}, 200)
		if n := few.settings.Workloads[0].Surge.Clients; n > 200 {
			t.Errorf("%d clients within a limit of 200", n)
		}
	}
}

func TestOverloadRates(t *testing.T) {
	p := planned(t, Options{Modes: []string{"async"}, Workloads: []string{"overload"}, Profile: "quick"}, plenty)
	s := p.slots[0]
	over := s.rungs[len(s.rungs)-1]
	connections := 0
	closed := func(rps float64, trust string) results.Rung {
		connections++ // no trial has the same rung twice
		return results.Rung{Load: results.Closed, Connections: connections, Requests: 1, ThroughputRPS: rps,
			Trust: &results.Trust{Status: trust}}
	}
	for _, c := range []struct {
		name  string
		pilot float64
		rungs []results.Rung
		want  float64
	}{
		{"the pilot's", 1000, nil, 500},
		{"a rung's, of a pilot with bad luck", 500,
			[]results.Rung{closed(400, results.Valid), closed(1000, results.Suspect), closed(900, results.Valid)}, 500},
		{"not a VOID one's", 1000, []results.Rung{closed(9000, results.Void)}, 500},
		{"not an open load's", 1000, []results.Rung{{Load: results.Common, Requests: 1, ThroughputRPS: 9000}}, 500},
		{"as much as the load can offer", overloadRate / surgeTimes, nil, overloadRate / surgeTimes / 2},
		{"more than that", overloadRate/surgeTimes + 1, nil, 0},
		{"none", 0, nil, 0},
	} {
		b := &bench{plan: p,
			rates: []results.Rates{{Workload: "hello", Mode: "async", CapacityRPS: 7},
				{Workload: "overload", Mode: "async", CapacityRPS: c.pilot}}}
		if got := b.steadyRate(s, results.Trial{Rungs: c.rungs}); got != c.want {
			t.Errorf("%s: goes on at %v/s, want %v", c.name, got, c.want)
		}
	}
	o := newOverloading(over, 500, time.Second)
	a := o.attack(loadgen.Attack{})
	if sum := o.steady.rate + o.burst.rate; math.Abs(sum-2000) > 1e-6 || a.Rate != 500 ||
		a.Connections != overloadClients/4 {
		t.Errorf("a surge of %v/s in sum; regular %v/s on %d connections", sum, a.Rate, a.Connections)
	}
}

// One request after another, whatever became of it, stands in the ledger once, where it was due.
func TestSurgeRecorderAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(20, 5000).Draw(t, "rate")
		surge := ms(rapid.IntRange(1, 40).Draw(t, "surge") * 10)
		whole := surge + ms(rapid.IntRange(0, 100).Draw(t, "rest")*10)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "luck"), 0))
		l := newSurgeRecorder(rate, surge, whole, 100*time.Millisecond)
		start := time.Now()
		outcome := func(seq uint64, sent, took time.Duration, kind string) *loadgen.Outcome {
			due := start.Add(loadgen.Due(seq, rate))
			return &loadgen.Outcome{Seq: seq, Due: due, Sent: due.Add(sent), End: due.Add(sent + took), Kind: kind}
		}
		l.add(outcome(0, 0, 0, "")) // of the settling run, before the ledger is open
		l.open = true
		var want results.SurgeOutcome
		inTime := uint64(0)
		all := loadgen.Offered(rate, whole)
		for seq := range all {
			kind := []string{"", "", "", loadgen.Timeout, loadgen.Reset, loadgen.Status, "unsent"}[random.IntN(7)]
			took := ms([]int{1, 99, 101, 3000}[random.IntN(4)])
			within := loadgen.Due(seq, rate) < surge
			if within {
				want.Due++
			}
			if kind == "unsent" {
				continue
			}
			l.add(outcome(seq, 0, took, kind))
			switch {
			case kind == "" && took <= l.slo:
				inTime++
				if within {
					want.InTime++
				}
			case !within:
			case kind == "":
				want.Late++
			case kind == loadgen.Timeout:
				want.TimedOut++
			default:
				want.Refused++
			}
		}
		var got results.SurgeOutcome
		l.addTo(&got)
		if got.Due != want.Due || got.InTime != want.InTime || got.Late != want.Late ||
			got.Refused != want.Refused || got.TimedOut != want.TimedOut {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		var sum, sumInTime uint64
		for i := range got.DueInTime {
			sum, sumInTime = sum+got.DueInTime[i]+got.DueOtherwise[i], sumInTime+got.DueInTime[i]
		}
		if sum != all || sumInTime != inTime {
			t.Fatalf("the steps have %d requests, %d of them in time, want %d and %d", sum, sumInTime, all, inTime)
		}
		left := 0
		for _, n := range l.flights {
			left += n
		}
		if left != 0 {
			t.Fatalf("%d requests are still in flight at the end of all", left)
		}
	})
}

// Requests of 1,000 a second: a surge of 1 s, and then all those that are due before a time are
// late.
func TestRecovery(t *testing.T) {
	for _, c := range []struct {
		name   string
		late   func(due time.Duration) bool
		want   time.Duration
		within bool
	}{
		{"at once", func(due time.Duration) bool { return due < time.Second }, 0, true},
		{"never overloaded", func(time.Duration) bool { return false }, 0, true},
		{"a queue", func(due time.Duration) bool { return due < 2500*time.Millisecond }, 1500 * time.Millisecond, true},
		{"never", func(time.Duration) bool { return true }, 4 * time.Second, false},
		{"one in a hundred is late by chance", func(due time.Duration) bool {
			return due < time.Second || due%(100*time.Millisecond) == 0
		}, 0, true},
		{"one in ten is not", func(due time.Duration) bool {
			return due < time.Second || due%(10*time.Millisecond) == 0
		}, 4 * time.Second, false},
		{"it breaks down again", func(due time.Duration) bool {
			return due < 1200*time.Millisecond || due > 1400*time.Millisecond && due < 2*time.Second
		}, time.Second, true},
	} {
		const rate = 1000
		l := newSurgeRecorder(rate, time.Second, 5*time.Second, 100*time.Millisecond)
		l.open = true
		now := time.Now()
		for seq := range l.before(l.whole) {
			took := time.Millisecond
			if c.late(loadgen.Due(seq, rate)) {
				took = time.Second
			}
			due := now.Add(loadgen.Due(seq, rate))
			l.add(&loadgen.Outcome{Seq: seq, Due: due, Sent: due, End: due.Add(took)})
		}
		if got, ok := l.recovery(); got != c.want || ok != c.within {
			t.Errorf("%s: %v, %v, want %v, %v", c.name, got, ok, c.want, c.within)
		}
	}
}
