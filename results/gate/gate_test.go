package gate_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nodecompare/results"
	"nodecompare/results/gate"
)

func TestGateOutcomes(t *testing.T) {
	async := func(change func(*performance)) func(string, string, *performance) {
		return func(_, mode string, p *performance) {
			if mode == "async" {
				change(p)
			}
		}
	}
	for _, test := range []struct {
		name   string
		change func(string, string, *performance)
		want   string
		which  []string
	}{
		{"the same", unchanged, gate.Pass, nil},
		{"CPU 4% more", async(func(p *performance) { p.cpu *= 1.04 }), gate.Pass, nil},
		{"CPU 6% more", async(func(p *performance) { p.cpu *= 1.06 }), gate.Regressed,
			[]string{"async CPU per request regressed"}},
		{"CPU half", async(func(p *performance) { p.cpu /= 2 }), gate.Pass, nil},
		{"throughput 8% less", async(func(p *performance) { p.rps /= 1.08 }), gate.Pass, nil},
		{"throughput 12% less", async(func(p *performance) { p.rps /= 1.12 }), gate.Regressed,
			[]string{"async throughput regressed"}},
		{"one request in fifty fails", async(func(p *performance) { p.answered = 0.98 }), gate.Regressed,
			[]string{"async share answered regressed"}},
		{"no request is answered", async(func(p *performance) { p.answered = 0 }), gate.Regressed, []string{
			"async CPU per request inconclusive", "async throughput inconclusive", "async p99 inconclusive",
			"async CPU per request inconclusive", "async throughput inconclusive", "async p99 inconclusive",
			"async CPU per request inconclusive", "async throughput inconclusive", "async p99 inconclusive",
			"async p99 inconclusive", "async share answered regressed"}},
		{"half more memory", async(func(p *performance) { p.rss *= 1.5 }), gate.Regressed,
			[]string{"async memory regressed", "async memory regressed"}},
		{"a thread for each connection", async(func(p *performance) { p.threads = 1008 }), gate.Regressed,
			[]string{"async threads regressed"}},
		{"three threads more are the runtime's own", async(func(p *performance) { p.threads += 3 }), gate.Pass, nil},
		{"p99 1.9 times", async(func(p *performance) { p.p99 *= 1.9 }), gate.Pass, nil},
		{"p99 10 times", async(func(p *performance) { p.p99 *= 10 }), gate.Regressed, []string{
			"async p99 regressed", "async p99 regressed", "async p99 regressed", "async p99 regressed"}},
		{"all at once", func(_, _ string, p *performance) { p.cpu *= 1.2; p.rss *= 1.2 }, gate.Regressed, []string{
			"blocking CPU per request regressed", "blocking memory regressed",
			"async CPU per request regressed", "async memory regressed"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			old, newer := gated(test.change)
			g := gate.Compare(old, newer)
			if g.Outcome != test.want || !cmp.Equal(outcomes(g), test.which) {
				t.Errorf("got %s, %q, want %s, %q; %q", g.Outcome, outcomes(g), test.want, test.which, g.Reasons)
			}
		})
	}
}

// A single trial that is off moves no outcome when there are 7 rounds. With 6 it is the end of its
// interval, which one more round would change.
func TestGateBearsAnOutlier(t *testing.T) {
	for rounds, want := range map[int]string{6: gate.Inconclusive, 7: gate.Pass} {
		b := bench{rounds: rounds, weather: func(*rand.Rand) weather { return weather{cpu: 0.01} },
			change: unchanged, workload: []string{"hello"}}
		random := rand.New(rand.NewPCG(1, 0))
		old, newer := b.record(random), b.record(random)
		for i := range newer.Trials {
			if newer.Trials[i].Round == 3 {
				newer.Trials[i].Rungs[1].Yardstick.RelativeCPU *= 5
			}
		}
		if g := gate.Compare(old, newer); g.Outcome != want || g.MoreRounds > 1 {
			t.Errorf("%d rounds: got %s, %d more; %q, %q", rounds, g.Outcome, g.MoreRounds, outcomes(g), g.Reasons)
		}
	}
}

// Figures that scatter by more than the margin are no pass, and the gate says how many more rounds
// would make them one.
func TestGateInconclusive(t *testing.T) {
	b := bench{rounds: 6, weather: func(*rand.Rand) weather { return weather{cpu: 0.10} },
		change: unchanged, workload: []string{"hello"}}
	random := rand.New(rand.NewPCG(3, 0))
	g := gate.Compare(b.record(random), b.record(random))
	if g.Outcome != gate.Inconclusive || g.MoreRounds < 1 || g.MoreRounds > 100 || len(g.Reasons) != 1 ||
		!strings.Contains(g.Reasons[0], "more rounds of both records would settle that") {
		t.Errorf("got %s, %d more rounds, %q", g.Outcome, g.MoreRounds, g.Reasons)
	}
	old, newer := gated(unchanged)
	for i, t := range newer.Trials {
		newer.Trials[i].Rungs[1].Yardstick.RelativeCPU *= []float64{3, 1. / 3}[t.Round%2]
	}
	g = gate.Compare(old, newer)
	if g.Outcome != gate.Inconclusive || g.MoreRounds != 0 ||
		!strings.Contains(strings.Join(g.Reasons, " "), "not even 100 more rounds") {
		t.Errorf("where only quiet helps: got %s, %d more rounds, %q", g.Outcome, g.MoreRounds, g.Reasons)
	}
}

func TestGateWithoutYardstick(t *testing.T) {
	for _, test := range []struct {
		name   string
		factor float64
		want   string
	}{{"as much as two runs may differ by", 1.2, gate.Pass}, {"more", 1.5, gate.Regressed}} {
		old, newer := gated(func(_, _ string, p *performance) { p.cpu *= test.factor; p.rps /= test.factor })
		for i := range newer.Trials {
			newer.Trials[i].Rungs[1].Yardstick = nil
		}
		newer.Settings.Yardstick = 0
		g := gate.Compare(old, newer)
		if g.Outcome != test.want || len(g.Notes) != 1 ||
			!strings.Contains(g.Notes[0], "only one record has a yardstick") {
			t.Errorf("%s: got %s, want %s; notes %q", test.name, g.Outcome, test.want, g.Notes)
		}
		for _, c := range g.Changes {
			if c.Relative || c.Metric == "throughput" && c.Outcome != gate.Shown {
				t.Errorf("%s: %s, %s: relative %v", c.Metric, c.Outcome, c.Mode, c.Relative)
			}
		}
	}
}

// With the yardstick, a machine at half its speed is no change.
func TestGateOnASlowerHour(t *testing.T) {
	old, newer := gated(unchanged)
	for i := range newer.Trials {
		for j := range newer.Trials[i].Rungs {
			r := &newer.Trials[i].Rungs[j]
			if r.Load != results.Closed {
				continue
			}
			r.Process.CPUUSPerRequest *= 2
			r.ThroughputRPS /= 2
			r.LatencyUS.P99 *= 2
			if y := r.Yardstick; y != nil {
				y.CPUUS *= 2
				y.ThroughputRPS /= 2
			}
		}
	}
	g := gate.Compare(old, newer)
	if c := g.Changes[0]; g.Outcome != gate.Pass || c.New.Value != 2*c.Old.Value ||
		c.Scaled != c.Old.Value || c.Ratio != 1 || !c.Relative {
		t.Errorf("got %s, %+v", g.Outcome, c)
	}
}

// Where requests wait, a machine that is a third faster answers as many of them as before.
func TestGateOfAWaitOnAFasterHour(t *testing.T) {
	old, newer := gated(unchanged)
	for _, r := range []*results.Record{old, newer} {
		r.Settings.Workloads[0].WaitUS = 50_000
	}
	for i := range newer.Trials {
		y := newer.Trials[i].Rungs[1].Yardstick
		y.ThroughputRPS *= 4. / 3
		y.RelativeThroughput *= 3. / 4
	}
	if g := gate.Compare(old, newer); g.Outcome != gate.Pass {
		t.Errorf("got %s, %q", g.Outcome, g.Reasons)
	}
	for _, r := range []*results.Record{old, newer} {
		r.Settings.Workloads[0].WaitUS = 0
	}
	if g := gate.Compare(old, newer); g.Outcome != gate.Regressed {
		t.Errorf("where nothing waits it is %s", g.Outcome)
	}
}

func TestGateWhereProcessesTellNothing(t *testing.T) {
	old, newer := gated(func(_, _ string, p *performance) { p.noThreads = true })
	for i := range old.Trials {
		for j := range old.Trials[i].Rungs {
			old.Trials[i].Rungs[j].Process = nil
		}
	}
	g := gate.Compare(old, newer)
	for _, c := range g.Changes {
		if c.Metric == "memory" || c.Metric == "threads" || c.Metric == "CPU per request" {
			t.Errorf("%s was compared, and neither record has it: %+v", c.Metric, c)
		}
	}
	if g.Outcome != gate.Pass {
		t.Errorf("got %s, %q", g.Outcome, g.Reasons)
	}
}

// Whatever is measured: the outcome is the worst, figures are numbers that JSON has, and swapped
// records give the mirror image.
func TestGateProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		factor := func(name string) float64 { return math.Exp(rapid.Float64Range(-0.5, 0.5).Draw(t, name)) }
		w := weather{cpu: rapid.Float64Range(0, 0.1).Draw(t, "noise"), rps: 0.05, rss: 0.02, threads: 1}
		b := bench{rounds: rapid.IntRange(1, 9).Draw(t, "rounds"),
			weather: func(*rand.Rand) weather { return w }, change: unchanged, workload: []string{"hello"}}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		old := b.record(random)
		cpu, rps, rss := factor("cpu"), factor("rps"), factor("rss")
		b.change = func(_, _ string, p *performance) { p.cpu *= cpu; p.rps *= rps; p.rss *= rss }
		b.again = rapid.Bool().Draw(t, "again")
		newer := b.record(random)
		there, back := gate.Compare(old, newer), gate.Compare(newer, old)
		for i, c := range there.Changes {
			d := back.Changes[i]
			if c.Ratio > 0 && (math.Abs(c.Ratio*d.Ratio-1) > 1e-9 || math.Abs(c.Low*d.High-1) > 1e-9) ||
				(c.Ratio == 0) != (d.Ratio == 0) {
				t.Fatalf("no mirror image: %+v and %+v", c, d)
			}
			if c.Outcome == gate.Regressed && d.Outcome == gate.Regressed {
				t.Fatalf("worse both ways: %+v", c)
			}
		}
		rank := map[string]int{gate.Shown: 0, gate.Pass: 0, gate.Inconclusive: 1, gate.Regressed: 2, gate.Invalid: 3}
		for _, g := range []gate.Result{there, gate.Confirm(there, old, newer)} {
			worst := 0
			for _, c := range g.Changes {
				worst = max(worst, rank[c.Outcome])
				if !(c.P >= c.Uncorrected || b.again) || c.P > 1 {
					t.Fatalf("corrected P: %+v", c)
				}
			}
			if rank[g.Outcome] != worst {
				t.Fatalf("%s is not the worst of %q", g.Outcome, outcomes(g))
			}
			if (g.Outcome == gate.Pass) != (len(g.Reasons) == 0) {
				t.Fatalf("%s for %q", g.Outcome, g.Reasons)
			}
			if _, err := json.Marshal(g); err != nil {
				t.Fatal(err)
			}
		}
	})
}
