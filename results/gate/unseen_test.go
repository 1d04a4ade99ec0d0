package gate_test

import (
	"math"
	"testing"

	"nodecompare/results"
	"nodecompare/results/gate"
)

// What a user would see, done to an otherwise equal new record of eight rounds: each has its
// outcome.
func TestGateSeesWhatUsersSee(t *testing.T) {
	rungs := func(some func(results.Rung) bool, change func(*results.Rung)) func(old, newer *results.Record) {
		return func(_, newer *results.Record) {
			for i := range newer.Trials {
				for j := range newer.Trials[i].Rungs {
					if r := &newer.Trials[i].Rungs[j]; some(*r) {
						change(r)
					}
				}
			}
		}
	}
	at := func(connections int) func(results.Rung) bool {
		return func(r results.Rung) bool { return r.Load == results.Closed && r.Connections == connections }
	}
	everywhere := func(results.Rung) bool { return true }
	open := func(r results.Rung) bool { return r.Load != results.Closed }
	closed := func(r results.Rung) bool { return r.Load == results.Closed }
	fails := func(n int) func(old, newer *results.Record) {
		return func(_, newer *results.Record) {
			for i := range n {
				newer.Trials[i].Failure = "it died"
			}
		}
	}
	suspect := func(r *results.Record, rule string) {
		for i := range r.Trials {
			for j := range r.Trials[i].Rungs {
				r.Trials[i].Rungs[j].Trust = &results.Trust{Status: results.Suspect,
					Reasons: []string{"doubtful"}, Rules: []string{rule}}
			}
		}
	}
	cpu := func(v float64) func(old, newer *results.Record) {
		return rungs(closed, func(r *results.Rung) { r.Process.CPUUSPerRequest = v })
	}
	for _, test := range []struct {
		name   string
		change func(old, newer *results.Record)
		want   string
		noted  bool
	}{
		{"the server died in 1 of 8 trials", fails(1), gate.Regressed, false},
		{"in 4 of 8", fails(4), gate.Regressed, false},
		{"in all", fails(8), gate.Regressed, false},
		{"on another machine", func(old, newer *results.Record) {
			fails(1)(old, newer)
			newer.Host.CPU = "another"
		}, gate.Regressed, false},
		{"as often as before", func(old, newer *results.Record) { fails(1)(old, newer); fails(1)(newer, old) },
			gate.Pass, false},
		{"more often than before", func(old, newer *results.Record) {
			fails(2)(old, newer)
			fails(1)(newer, old)
		}, gate.Regressed, false},
		{"top rung: throughput a tenth", rungs(at(1000), func(r *results.Rung) { r.ThroughputRPS /= 10 }),
			gate.Regressed, false},
		{"top rung: p99 ten times", rungs(at(1000), func(r *results.Rung) { r.LatencyUS.P99 *= 10 }),
			gate.Regressed, false},
		{"top rung: CPU ten times",
			rungs(at(1000), func(r *results.Rung) { r.Process.CPUUSPerRequest *= 10 }), gate.Regressed, false},
		{"half of the requests of the open loads fail",
			rungs(open, func(r *results.Rung) { r.Errors = r.Requests / 2 }), gate.Regressed, false},
		{"p99 a hundred times everywhere",
			rungs(everywhere, func(r *results.Rung) { r.LatencyUS.P99 *= 100 }), gate.Regressed, false},
		{"latency five times in the open loads",
			rungs(open, func(r *results.Rung) { r.LatencyUS.P50 *= 5; r.LatencyUS.P99 *= 5 }), gate.Regressed, false},
		{"the same at another rate",
			rungs(open, func(r *results.Rung) { r.LatencyUS.P99 *= 5; r.OfferedRPS *= 2 }), gate.Pass, true},
		{"1 connection: CPU five times",
			rungs(at(1), func(r *results.Rung) { r.Process.CPUUSPerRequest *= 5 }), gate.Regressed, false},
		{"1 connection: throughput a fifth", rungs(at(1), func(r *results.Rung) { r.ThroughputRPS /= 5 }),
			gate.Regressed, false},
		{"1 connection: latency five times", rungs(at(1), func(r *results.Rung) { r.LatencyUS.P99 *= 5 }),
			gate.Regressed, false},
		{"memory five times below the top",
			rungs(func(r results.Rung) bool { return closed(r) && r.Connections < 1000 },
				func(r *results.Rung) { r.Process.RSSBytes *= 5 }), gate.Regressed, false},
		{"a mode is gone", func(_, newer *results.Record) {
			newer.Settings.Missing = []results.Missing{{Mode: "async", Reason: "npm failed"}}
		}, gate.Invalid, true},
		{"each trial twice", func(_, newer *results.Record) { copy(newer.Trials[4:8], newer.Trials[:4]) },
			gate.Invalid, false},
		{"throughput less by 30% of a load generator at its limit", func(_, newer *results.Record) {
			suspect(newer, results.RuleGeneratorCPU)
			rungs(at(64),
				func(r *results.Rung) { r.ThroughputRPS *= 0.7; r.Yardstick.RelativeThroughput *= 0.7 })(nil, newer)
		}, gate.Inconclusive, true},
		{"every run is SUSPECT", func(_, newer *results.Record) { suspect(newer, "steal") }, gate.Pass, true},
		{"every run of the baseline is", func(old, _ *results.Record) { suspect(old, "steal") }, gate.Pass, true},
		{"CPU of 0", cpu(0), gate.Invalid, false},
		{"CPU below 0", cpu(-3), gate.Invalid, false},
		{"CPU beyond all machines", cpu(1e300), gate.Invalid, false},
		{"relative CPU below 0", rungs(at(64), func(r *results.Rung) { r.Yardstick.RelativeCPU = -1 }),
			gate.Invalid, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := sixRounds
			b.rounds = 8
			old, newer := b.record(seeded()), b.record(seeded())
			test.change(old, newer)
			g := gate.Compare(old, newer)
			if g.Outcome != test.want || test.noted != (len(g.Notes) > 0) {
				t.Errorf("got %s, want %s; %q, reasons %q, notes %q", g.Outcome, test.want, outcomes(g),
					g.Reasons, g.Notes)
			}
			for _, reason := range g.Reasons {
				if len(reason) > 400 {
					t.Errorf("a reason of %d characters: %.100s", len(reason), reason)
				}
			}
			if itself := gate.Compare(newer, newer).Outcome; itself == gate.Inconclusive || itself == gate.Regressed {
				t.Errorf("held against itself: %s", itself)
			}
		})
	}
}

// A record of no noise but few rounds, or of much noise, passes against itself.
func TestGateOfARecordAgainstItself(t *testing.T) {
	for _, rounds := range []int{3, 6} {
		b := sixRounds
		b.rounds, b.weather = rounds, busy
		r := b.record(seeded())
		if g := gate.Compare(r, r); g.Outcome != gate.Pass || len(g.Reasons)+len(g.Notes) > 0 {
			t.Errorf("%d rounds: %s, %q, %q", rounds, g.Outcome, g.Reasons, g.Notes)
		}
	}
}

// Only a record that is as good may be the next baseline.
func TestGateReplaces(t *testing.T) {
	noisy := &results.Selftest{Verdict: results.SelftestNoisy}
	slow := func(newer *results.Record) {
		for i := range newer.Trials {
			newer.Trials[i].Rungs[1].Yardstick.RelativeCPU *= []float64{3, 1. / 3}[i%2]
		}
	}
	for _, test := range []struct {
		name   string
		change func(old, newer *results.Record)
		want   bool
	}{
		{"a pass", func(_, _ *results.Record) {}, true},
		{"a noisy pass", func(_, newer *results.Record) { newer.Selftest = noisy }, false},
		{"a noisy pass after a noisy record", func(old, newer *results.Record) {
			old.Selftest, newer.Selftest = noisy, noisy
		}, true},
		{"inconclusive", func(_, newer *results.Record) { slow(newer) }, false},
		{"inconclusive, after a noisy record", func(old, newer *results.Record) {
			slow(newer)
			old.Selftest = noisy
		}, true},
		{"a failure", func(_, newer *results.Record) { newer.Trials[0].Failure = "it died" }, false},
		{"another machine", func(_, newer *results.Record) { newer.Host.CPU = "Model 8" }, true},
		{"a mode that is gone", func(_, newer *results.Record) {
			newer.Settings.Missing = []results.Missing{{Mode: "async", Reason: "npm failed"}}
		}, false},
		{"a VOID trial", func(_, newer *results.Record) {
			newer.Trials[0].Rungs[1].Trust = &results.Trust{Status: results.Void}
		}, false},
	} {
		old, newer := gated(unchanged)
		test.change(old, newer)
		if g := gate.Compare(old, newer); g.Replaces(old, newer) != test.want {
			t.Errorf("%s: %s, may replace the baseline: %v", test.name, g.Outcome, !test.want)
		}
	}
}

// Of a figure that is held against the yardstick's the change is what lies between the two that are
// shown, however noisy they are.
func TestFiguresAgreeWithTheirChange(t *testing.T) {
	b := sixRounds
	b.weather = busy
	random, relative := seeded(), 0
	for range 20 {
		for _, c := range gate.Compare(b.record(random), b.record(random)).Changes {
			if !c.Relative {
				continue
			}
			relative++
			if shown := c.Scaled / c.Old.Value; math.Abs(shown-c.Ratio) > 1e-9*c.Ratio {
				t.Fatalf("%s: %v to %v is a change of %v, and it says %v", c.Metric, c.Old.Value, c.Scaled,
					shown, c.Ratio)
			}
		}
	}
	if relative < 20 {
		t.Errorf("%d changes", relative)
	}
}
