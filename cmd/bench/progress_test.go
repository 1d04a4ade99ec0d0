package bench

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"nodecompare/loadgen/cpuset"
	"nodecompare/results"
	"nodecompare/results/unit"
)

// The line of a trial says in how many of its runs there is a doubt: one in seven is no failure.
func TestLineOfATrialCountsItsDoubts(t *testing.T) {
	valid := &results.Trust{Status: results.Valid}
	doubted := &results.Trust{Status: results.Suspect, Rules: []string{"send lag"}}
	trial := results.Trial{Mode: "async", Workload: "hello", Round: 2, ElapsedS: 2.5,
		Rungs: []results.Rung{{Requests: 5, Trust: valid}, {Requests: 7, Errors: 1, Trust: doubted}, {Trust: valid}}}
	for _, c := range []struct {
		trust *results.Trust
		want  string
	}{
		{nil, ""},
		{valid, ""},
		{doubted, ", SUSPECT in 1 of 3 runs: send lag"},
		{&results.Trust{Status: results.Void, Rules: []string{"steal"}}, ", VOID: steal"},
	} {
		trial.Trust = c.trust
		const about = "round 2, async on hello: 12 requests, 1 error, 2.5 s"
		if got := describe(trial); got != about+c.want {
			t.Errorf("%+v:\ngot  %s\nwant %s", c.trust, got, about+c.want)
		}
	}
}

// A log's lines count the pilots, and the steps of more CPUs, as the terminal's display does: once
// all is done nothing is left, and before the steps their time is.
func TestLinesSayWhatIsLeft(t *testing.T) {
	p := planned(t, Options{Modes: []string{"blocking", "async"}, Workloads: []string{"hello", "wait"},
		Profile: "standard"}, plenty)
	p.steps = &coreSteps{sets: []cpuset.CPUs{{0}, {0, 1}}}
	more := p.overCores()
	if p.pilotTime() < time.Second || more.Duration() < time.Second {
		t.Fatalf("pilots of %v and steps of %v are too short to be told", p.pilotTime(), more.Duration())
	}
	var log bytes.Buffer
	lines, display := &Lines{W: &log}, pace{moved: func() {}}
	for _, each := range []struct {
		plan *Plan
		left time.Duration // at the end
	}{{p, more.Duration()}, {more, 0}} {
		lines.Begin(each.plan, nil)
		display.begin(each.plan)
		if !each.plan.again {
			for _, s := range each.plan.firstRound() {
				lines.WarmUp(s.name, s.workload.Name, 0, each.plan.pilotOf(s))
				display.WarmUp(s.name, s.workload.Name, 0, each.plan.pilotOf(s))
			}
		}
		for i := range each.plan.slots {
			log.Reset()
			lines.Trial(i+1, results.Trial{}, nil)
			display.trial(i + 1)
			if left := display.status().Left; !saysLeft(log.String(), left) {
				t.Errorf("the line %q, and %v left on the display", log.String(), left)
			}
		}
		if !saysLeft(log.String(), each.left) {
			t.Errorf("the last line is %q, want %v left", log.String(), each.left)
		}
	}
}

// saysLeft reports whether a line says that so much time is left.
func saysLeft(line string, left time.Duration) bool {
	_, said, _ := strings.Cut(strings.TrimSpace(line), " elapsed")
	_, want, _ := strings.Cut(unit.Elapsed(0, left), " elapsed")
	return said == want
}
