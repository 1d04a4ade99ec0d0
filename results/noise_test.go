package results_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nodecompare/results"
)

// noise is how much a trial's figures vary by luck, as two shared cores were seen to (one standard
// deviation of the logarithm). One trial in twenty has four times as much luck, and a slow drift of
// 23% is the same for neighbours.
type noise struct {
	name            string
	relative        float64 // of CPU per request against the yardstick's
	own             float64 // that each server has for itself
	speed           float64 // of throughput against the yardstick's
	cpu, rps, tails float64 // of figures as they are
	light           float64 // of what a request takes at the common rate, as it is: CPU time, and p50
}

var (
	usual = noise{"usual", 0.02, 0.03, 0.05, 0.08, 0.10, 0.25, 0.08}
	quiet = noise{"quiet", 0.013, 0, 0.021, 0.02, 0.025, 0.06, 0.02}
)

// machine makes the figures of trials.
type machine struct {
	noise
	random    *rand.Rand
	yardstick bool
	bound     bool    // the generator is the limit: throughput is the same for all
	drift     float64 // logarithm
}

func newMachine(n noise, seed uint64) *machine {
	return &machine{noise: n, random: rand.New(rand.NewPCG(20261128, seed)), yardstick: true, bound: true}
}

func (m *machine) luck(sigma float64) float64 {
	if m.random.IntN(20) == 0 {
		sigma *= 4
	}
	return math.Exp(sigma * m.random.NormFloat64())
}

// A cost is how many times the CPU time of the first server's a request takes, under a saturated
// load and at the common rate.
type cost struct{ saturated, light, wait float64 }

// alike are servers whose requests take as many times the CPU time under either load, and no longer
// than others at a rate they bear.
func alike(cpu ...float64) (all []cost) {
	for _, c := range cpu {
		all = append(all, cost{c, c, 1})
	}
	return all
}

func (m *machine) trial(of cost) measurement {
	m.drift = 0.9*m.drift + 0.1*m.random.NormFloat64() // ±23% in the long run, a tenth from one trial to the next
	slow := math.Exp(m.drift)
	cost := of.saturated * m.luck(m.own)
	speed := 1 / cost
	if m.bound {
		speed = 1
	}
	x := even
	x.cpu64 *= slow * cost * m.luck(m.cpu)
	x.rps64 = 30e3 * speed / slow * m.luck(m.rps)
	x.rps1000 = 25e3 * speed / slow * m.luck(1.5*m.rps)
	x.light *= slow * of.light * m.luck(m.own) * m.luck(m.light)
	x.p50 *= slow * of.wait * m.luck(m.light)
	x.p99 *= slow * of.wait * m.luck(m.tails)
	x.p99at1000 *= slow * m.luck(m.tails)
	x.memory64 = uint64(float64(x.memory64) * m.luck(0.01))
	x.memory1000 = uint64(float64(x.memory1000) * m.luck(0.02))
	x.threads1000 += m.random.IntN(3)
	if m.yardstick {
		x.relativeCPU, x.relativeSpeed, x.yardCPU = cost*m.luck(m.relative), speed*m.luck(m.speed),
			6*slow*m.luck(m.relative)
	}
	return x
}

// bench is six rounds of such servers, in changing order, and the extra rounds that a bench makes
// of what is open.
func (m *machine) bench(servers ...cost) *results.Record {
	r := &results.Record{}
	var names []string
	for i := range servers {
		names = append(names, string(rune('a'+i)))
	}
	r.Settings = settings(names...)
	for round := range r.Settings.Rounds {
		for _, i := range m.random.Perm(len(servers)) {
			r.Trials = append(r.Trials, m.trial(servers[i]).trial(names[i], round+1))
		}
	}
	for round := r.Settings.Rounds; round < results.MostRounds; {
		open := results.StillOpen(r)
		if open == nil {
			break
		}
		for range results.ExtraRounds {
			round++
			for _, i := range m.random.Perm(len(servers)) {
				if slices.ContainsFunc(open, func(o results.Open) bool { return o.A == names[i] || o.B == names[i] }) {
					t := m.trial(servers[i]).trial(names[i], round)
					t.Rungs = t.Rungs[:1]
					r.Extra = append(r.Extra, t)
				}
			}
		}
	}
	return r
}

// performance is a bench's finding, and how many trials it took beyond the full rounds.
func (m *machine) performance(cpu ...float64) (f results.Finding, extra int) {
	r := m.bench(alike(cpu...)...)
	return results.Judge(r)[0].Findings[1], len(r.Extra)
}

func claims(word string) bool {
	return word == results.High || word == results.Moderate || word == results.Lower
}

// A word that claims a difference between modes that are one and the same is a false one, whether
// there are two of them or six, and so is any pair of them that is told apart. docs/calibration.md,
// Words, has the rates:
//
//	NODECOMPARE_CI=1 go test -run 'TestFalseWords|TestFound|TestLeaders' -v ./results
func TestFalseWords(t *testing.T) {
	t.Parallel()
	for _, n := range []noise{usual, quiet} {
		for _, modes := range []int{2, 6} {
			m, benches := newMachine(n, 1), tries(2400/modes)
			said := map[string]map[string]int{results.RowPerformance: {}, results.RowScalability: {}}
			for range benches {
				for _, f := range results.Judge(m.bench(slices.Repeat(alike(1), modes)...))[0].Findings[1:] {
					word := "no claim"
					for _, w := range f.Words {
						if claims(w.Word) {
							word = "claims a difference"
						}
					}
					if word == "no claim" {
						word = f.Words[0].Word
					}
					said[f.Row][word]++
				}
			}
			for row, words := range said {
				t.Logf("%s, %d equal modes: %s of %d benches: %v", n.name, modes, row, benches, words)
				if n := words["claims a difference"]; n > max(1, benches/100) {
					t.Errorf("%d of %d benches of %d equal modes claim a difference in %s, want 1%% at most", n,
						benches, modes, row)
				}
			}
			if same := said[results.RowPerformance][results.NoDifference]; n == quiet && modes == 2 &&
				same < benches*95/100 {
				t.Errorf("a mode against itself on a quiet machine: No difference in %d of %d benches", same, benches)
			}
		}
	}
}

// What share of benches finds a difference of that size, and says the opposite, or nothing of the
// kind, of none. Three benches of the same two servers never contradict each other, also just at
// the floor.
func TestFound(t *testing.T) {
	t.Parallel()
	for _, n := range []noise{usual, quiet} {
		for _, test := range []struct {
			cpu          float64
			usual, quiet int // per cent of the benches, at least
		}{{1, 0, 0}, {1.03, 0, 0}, {1.05, 0, 0}, {1.07, 0, 0}, {1.10, 35, 90}, {1.20, 95, 100},
			{1.30, 99, 100}, {1.50, 99, 100}} {
			m, triples := newMachine(n, 2), tries(200)
			found, wrong, flips, extra := 0, 0, 0, 0
			for range triples {
				said := map[string]bool{}
				for range 3 {
					f, more := m.performance(1, test.cpu)
					word := f.Words[0].Word
					extra += more
					switch {
					case word == results.High:
						found++
					case word == results.Moderate, word == results.NoDifference && test.cpu >= 1.1:
						wrong++
					}
					if word != results.CannotTell {
						said[word] = true
					}
				}
				if len(said) > 1 {
					flips++
				}
			}
			benches := 3 * triples
			t.Logf("%s, ratio %.2f: found by %.1f%% of %d benches, %d wrong; %d of %d triples contradict "+
				"themselves; %.1f extra trials",
				n.name, test.cpu, 100*float64(found)/float64(benches), benches, wrong, flips, triples,
				float64(extra)/float64(benches))
			least := test.usual
			if n == quiet {
				least = test.quiet
			}
			// Three standard deviations of what so few benches show.
			slack := 300 * math.Sqrt(float64(least)/100*(1-float64(least)/100)/float64(benches))
			if least == 100 {
				slack = 100 * 2 / float64(benches) // two outliers in six rounds
			}
			if got := 100 * float64(found) / float64(benches); got < float64(least)-slack {
				t.Errorf("%s: a ratio of %.2f was found by %.1f%% of the benches, want %d%%", n.name,
					test.cpu, got, least)
			}
			if limit := max(1, benches/100); wrong > limit || flips > max(1, triples*15/1000) ||
				test.cpu <= 1.03 && found > limit || test.cpu == 1.05 && found > max(2, benches*15/1000) {
				t.Errorf("%s: ratio %.2f: %d wrong words and %d differences in %d benches, %d "+
					"contradictions in %d triples", n.name, test.cpu, wrong, found, benches, flips, triples)
			}
		}
	}
}

// Two equal leaders are told from four others, also where they cannot be told from each other.
func TestLeaders(t *testing.T) {
	t.Parallel()
	for _, n := range []noise{usual, quiet} {
		m, benches := newMachine(n, 3), tries(300)
		right, extra := 0, 0
		words := map[string]int{}
		for range benches {
			f, more := m.performance(1, 1, 1.2, 1.4, 1.7, 2)
			extra += more
			said := ""
			for _, w := range f.Words {
				said += w.Word[:1]
			}
			words[said]++
			if said == "HHMMMM" {
				right++
			}
		}
		t.Logf("%s: right in %.1f%% of %d benches, with %.1f extra trials: %v", n.name,
			100*float64(right)/float64(benches), benches, float64(extra)/float64(benches), words)
		if right < benches*95/100 {
			t.Errorf("%s: two leaders of six were told from the others in %d of %d benches", n.name, right, benches)
		}
	}
}

// A bench of a mode against itself says what this machine can tell from chance.
func TestDetectable(t *testing.T) {
	m := newMachine(usual, 4)
	r := m.bench(alike(1, 1)...)
	r.Extra = nil
	if v := results.Judge(r)[0]; v.Detectable != nil {
		t.Errorf("not asked for: %+v", v.Detectable)
	}
	r.Settings.Null = true
	all := results.Judge(r)[0].Detectable
	metrics := 0
	for _, m := range slices.Concat(results.Performance, results.Scalability) {
		if !m.Optional {
			metrics++
		}
	}
	if len(all) != metrics {
		t.Errorf("%d of %d metrics: %+v", len(all), metrics, all)
	}
	for _, d := range all {
		for _, f := range results.Judge(r)[0].Findings {
			for _, c := range f.Comparisons {
				if c.Metric == d.Metric && c.At == d.At &&
					math.Abs(d.Ratio*d.Ratio-c.High/c.Low) > 1e-9*d.Ratio*d.Ratio {
					t.Errorf("%+v of %+v", d, c)
				}
			}
		}
		if d.Workload != "wait" || d.Rounds != 6 || d.Ratio < 1 || d.Ratio > 20 {
			t.Errorf("%+v", d)
		}
	}
	few := recordOf(often(even)[1:], often(even)[1:])
	few.Settings.Null = true
	if d := results.Judge(few)[0].Detectable; d != nil {
		t.Errorf("of five rounds: %+v", d)
	}
}
