package gate_test

import (
	"math/rand/v2"
	"testing"

	"nodecompare/results/gate"
	"nodecompare/thorough"
)

// usual is a machine as it was measured in: see docs/calibration.md, section Gate.
func usual(random *rand.Rand) weather {
	return weather{
		cpu: 0.015 + 0.035*random.Float64(), rps: 0.01 + 0.08*random.Float64(), rss: 0.01 + 0.03*random.Float64(),
		elsewhere: 0.05 + 0.1*random.Float64(), p99: 0.25, machine: 0.15, run: 0.007, outliers: 0.03, threads: 1,
	}
}

// busy is a machine that others use: its tails are longer.
func busy(random *rand.Rand) weather {
	w := usual(random)
	w.p99, w.elsewhere = 0.7, 0.2
	return w
}

// drifting is such a machine with runs that differ by 2% instead of 1%.
func drifting(random *rand.Rand) weather {
	w := usual(random)
	w.run *= 2
	return w
}

func noisy(cpu float64) func(*rand.Rand) weather {
	return func(random *rand.Rand) weather {
		w := usual(random)
		w.cpu = cpu
		return w
	}
}

// found counts the gates by their outcome, and by that after a second run.
type found struct{ first, confirmed map[string]int }

func simulate(n int, seed uint64, old, newer bench) found {
	f := found{map[string]int{}, map[string]int{}}
	random := rand.New(rand.NewPCG(seed, 0))
	for range n {
		a, b := old.record(random), newer.record(random)
		g := gate.Compare(a, b)
		f.first[g.Outcome]++
		f.confirmed[gate.Confirm(g, a, b).Outcome]++
	}
	return f
}

// The figures of this test are those of docs/calibration.md, section Gate: NODECOMPARE_CI=1 go test
// ./results/gate -run Simulated -v. Without that it is a tenth of the gates, which finds what is
// plainly wrong.
func TestSimulatedGates(t *testing.T) {
	slower := func(factor float64) func(string, string, *performance) {
		return func(workload, mode string, p *performance) {
			if workload == "hello" && mode == "async" {
				p.cpu *= factor
			}
		}
	}
	for i, test := range []struct {
		name        string
		weather     func(*rand.Rand) weather
		change      func(string, string, *performance)
		rounds      int
		alone       bool
		gates       int
		least, most float64 // share of gates that say regressed, after a second run
		single      float64 // the most that say so by one run alone
	}{
		{"the same, 6 rounds", usual, unchanged, 6, false, 2000, 0, 0.01, 0.01},
		{"the same, 8 rounds", usual, unchanged, 8, false, 1000, 0, 0.01, 0.01},
		{"the same, 10 rounds", usual, unchanged, 10, false, 1000, 0, 0.01, 0.01},
		{"the same, busy machine, 8 rounds", busy, unchanged, 8, false, 500, 0, 0.01, 1},
		{"the same, runs that differ by 2%", drifting, unchanged, 6, false, 1000, 0, 0.025, 1},
		{"CPU 10% more, noise of 2.5%, 8 rounds", noisy(0.025), slower(1.10), 8, false, 400, 0.95, 1, 1},
		{"the same, no yardstick", usual, unchanged, 6, true, 1000, 0, 0.01, 0.01},
		{"CPU 10% more, noise of 2%", noisy(0.02), slower(1.10), 6, false, 400, 0.8, 1, 1},
		{"CPU 10% more, noise of 3.5%", noisy(0.035), slower(1.10), 6, false, 400, 0.5, 1, 1},
		{"CPU 10% more, noise of 5%", noisy(0.05), slower(1.10), 6, false, 400, 0.3, 1, 1},
		{"CPU 10% more, noise of 5%, 10 rounds", noisy(0.05), slower(1.10), 10, false, 400, 0.6, 1, 1},
		{"CPU 15% more, noise of 5%", noisy(0.05), slower(1.15), 6, false, 400, 0.7, 1, 1},
		{"CPU 3% more, noise of 2%", noisy(0.02), slower(1.03), 6, false, 400, 0, 0.1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			old := bench{rounds: test.rounds, weather: test.weather, change: unchanged, alone: test.alone,
				workload: []string{"hello", "wait"}}
			newer := old
			newer.change, newer.again = test.change, true
			if !thorough.On() {
				test.gates /= 10
				test.most += 1 / float64(test.gates) // one more is no sign of anything
				test.single += 1 / float64(test.gates)
			}
			f := simulate(test.gates, uint64(i), old, newer)
			share := float64(f.confirmed[gate.Regressed]) / float64(test.gates)
			if share < test.least || share > test.most {
				t.Errorf("%.2f%% of %d gates say regressed, want %.0f%% to %.0f%%", 100*share, test.gates,
					100*test.least, 100*test.most)
			}
			if alone := float64(f.first[gate.Regressed]) / float64(test.gates); alone > test.single {
				t.Errorf("%.2f%% of %d gates say regressed by one run alone, want %.0f%% at most",
					100*alone, test.gates, 100*test.single)
			}
			of := func(counts map[string]int, outcome string) float64 {
				return 100 * float64(counts[outcome]) / float64(test.gates)
			}
			t.Logf("%s: of %d gates, regressed %.2f%%, after a second run %.2f%%; then inconclusive %.1f%%, pass "+
				"%.1f%%", test.name, test.gates, of(f.first, gate.Regressed),
				of(f.confirmed, gate.Regressed), of(f.confirmed, gate.Inconclusive), of(f.confirmed, gate.Pass))
			if f.confirmed[gate.Invalid] > 0 {
				t.Errorf("%d gates are invalid", f.confirmed[gate.Invalid])
			}
		})
	}
}
