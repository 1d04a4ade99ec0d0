package results_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"nodecompare/results"
)

// machine makes the figures of trials that differ by luck, as two shared cores were seen to: a slow drift that neighbours share,
// luck of each trial's own, and now and then a trial that is far off.
type machine struct {
	random    *rand.Rand
	yardstick bool
	calm      float64 // luck is divided by that
	drift     float64 // logarithm
}

// luck is lognormal; one trial in twenty has four times as much.
func (m *machine) luck(sigma float64) float64 {
	sigma /= m.calm
	if m.random.IntN(20) == 0 {
		sigma *= 4
	}
	return math.Exp(sigma * m.random.NormFloat64())
}

// trial is of a server whose requests take that many times the CPU time of the other's.
func (m *machine) trial(cpu float64) measurement {
	m.drift = 0.9*m.drift + 0.1*m.random.NormFloat64() // ±23% in the long run, a tenth from one trial to the next
	slow := math.Exp(m.drift)
	own := m.luck(0.03)
	x := even
	x.cpu64 *= cpu * slow * own * m.luck(0.08)
	x.rps64 = 30e3 / (cpu * slow * own * m.luck(0.10))
	x.rps1000 = 25e3 / (cpu * slow * own * m.luck(0.15))
	x.p99 *= cpu * slow * m.luck(0.25)
	x.p99at1000 *= cpu * slow * m.luck(0.25)
	x.memory64 = uint64(float64(x.memory64) * m.luck(0.01))
	x.memory1000 = uint64(float64(x.memory1000) * m.luck(0.02))
	x.threads1000 += m.random.IntN(3)
	if m.yardstick {
		x.relativeCPU, x.relativeSpeed = cpu*own*m.luck(0.02), m.luck(0.05)/(cpu*own)
	}
	return x
}

// bench is six rounds of two such servers, in changing order.
func (m *machine) bench(rounds int, cpu float64) *results.Record {
	var a, b []measurement
	for range rounds {
		if m.random.IntN(2) == 0 {
			a, b = append(a, m.trial(1)), append(b, m.trial(cpu))
		} else {
			b = append(b, m.trial(cpu))
			a = append(a, m.trial(1))
		}
	}
	return recordOf(a, b)
}

func claims(word string) bool {
	return word == results.High || word == results.Moderate || word == results.Lower
}

// A mode against itself: how often a word says that there is a difference. docs/method.md, Statistics, has the rates:
//
//	NODECOMPARE_CI=1 go test -run TestWordsOnNoise -v ./results
func TestWordsOnNoise(t *testing.T) {
	benches := tries(2000)
	for _, setup := range []struct {
		name      string
		yardstick bool
		rounds    int
		calm      float64
	}{
		{"6 rounds, yardstick", true, 6, 1}, {"6 rounds, none", false, 6, 1}, {"10 rounds, yardstick", true, 10, 1},
		{"10 rounds, quiet", true, 10, 4},
	} {
		m := &machine{random: rand.New(rand.NewPCG(20261122, 1)), yardstick: setup.yardstick, calm: setup.calm}
		var said = map[string]map[string]int{results.RowPerformance: {}, results.RowScalability: {}}
		var figures, differ int
		for range benches {
			for _, f := range results.Judge(m.bench(setup.rounds, 1))[0].Findings[1:] {
				word := f.Of("a")
				if claims(word) {
					word = "claims a difference"
				}
				said[f.Row][word]++
				for _, c := range f.Comparisons {
					figures++
					if c.Better != "" {
						differ++
					}
				}
			}
		}
		for row, words := range said {
			t.Logf("%-20s %s: of %d benches %v", setup.name, row, benches, words)
			if n := words["claims a difference"]; n > benches/200 {
				t.Errorf("%s: %s claims a difference in %d of %d benches of a mode against itself, want 0.5%% at most", setup.name, row, n, benches)
			}
		}
		t.Logf("%-20s of %d figures %d differ", setup.name, figures, differ)
	}
}

// Whatever the truth is, also just at the floor: three benches of it never give two words that contradict each other.
func TestWordsDoNotFlip(t *testing.T) {
	triples := tries(250)
	random := rand.New(rand.NewPCG(20261122, 2))
	for _, cpu := range []float64{1, 1.03, 1.05, 1.07, 1.1, 1.15, 1.2, 1.3, 1.5, 2} {
		said, flips := map[string]int{}, 0
		for range triples {
			words := map[string]bool{}
			for range 3 {
				m := &machine{random: random, yardstick: true, calm: 1}
				word := results.Judge(m.bench(6, cpu))[0].Findings[1].Of("a")
				said[word]++
				if word != results.CannotTell {
					words[word] = true
				}
			}
			if len(words) > 1 {
				flips++
			}
		}
		t.Logf("CPU per request × %.2f: of %d benches %v; of %d triples %d contradict themselves", cpu, 3*triples, said, triples, flips)
		if flips > triples/100 {
			t.Errorf("CPU per request × %.2f: %d of %d triples contradict themselves", cpu, flips, triples)
		}
		if cpu >= 1.5 && said[results.High] < 3*triples*3/4 {
			t.Errorf("CPU per request × %.2f was found in %d of %d benches", cpu, said[results.High], 3*triples)
		}
	}
}

// A bench of a mode against itself says what this machine can tell from chance.
func TestDetectable(t *testing.T) {
	m := &machine{random: rand.New(rand.NewPCG(20261122, 3)), yardstick: true, calm: 1}
	r := m.bench(6, 1)
	if v := results.Judge(r)[0]; v.Detectable != nil {
		t.Errorf("not asked for: %+v", v.Detectable)
	}
	r.Settings.Null = true
	all := results.Judge(r)[0].Detectable
	metrics := 0
	for _, tier := range append(results.Performance, results.Scalability...) {
		for _, m := range tier {
			if !m.Optional {
				metrics++
			}
		}
	}
	if len(all) != metrics {
		t.Errorf("%d of %d metrics: %+v", len(all), metrics, all)
	}
	for _, d := range all {
		for _, f := range results.Judge(r)[0].Findings {
			for _, c := range f.Comparisons {
				if c.Metric == d.Metric && c.At == d.At && math.Abs(d.Ratio*d.Ratio-c.High/c.Low) > 1e-9*d.Ratio*d.Ratio {
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
