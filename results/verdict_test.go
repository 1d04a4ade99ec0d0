package results_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nodecompare/results"
)

// measurement is the part of a trial that verdicts look at.
type measurement struct {
	rps64, cpu64           float64
	rps1000, p99at1000     float64
	memory64, memory1000   uint64
	threads64, threads1000 int
	failed                 float64 // share of requests, at both rungs
}

// even is a server like any other.
var even = measurement{1280, 20, 20000, 60e3, 16 << 20, 24 << 20, 9, 12, 0}

func (m measurement) trial(mode string, round int) results.Trial {
	rung := func(connections int, rps, cpu, p99 float64, threads int, memory uint64) results.Rung {
		return results.Rung{
			Connections: connections, Requests: 10000, Errors: uint64(10000 * m.failed), ThroughputRPS: rps, InFlight: float64(connections),
			LatencyUS: results.Latency{P50: 50e3, P99: p99},
			Process:   &results.Process{CPUUSPerRequest: cpu, Threads: threads, RSSBytes: memory},
		}
	}
	return results.Trial{Workload: "wait", Mode: mode, Round: round, Rungs: []results.Rung{
		rung(64, m.rps64, m.cpu64, 52e3, m.threads64, m.memory64),
		rung(1000, m.rps1000, m.cpu64, m.p99at1000, m.threads1000, m.memory1000),
	}}
}

// recordOf lays the measurements out: one list of rounds a mode, named a, b, c.
func recordOf(modes ...[]measurement) *results.Record {
	var names []string
	for i := range modes {
		names = append(names, string(rune('a'+i)))
	}
	r := &results.Record{Settings: settings(names...)}
	for i, rounds := range modes {
		for round, m := range rounds {
			r.Trials = append(r.Trials, m.trial(names[i], round+1))
		}
		r.Settings.Rounds = max(r.Settings.Rounds, len(rounds))
	}
	return r
}

func thrice(m measurement) []measurement { return []measurement{m, m, m} }

// words are a row's words, joined.
func words(r *results.Record, row string) string {
	for _, f := range results.Judge(r)[0].Findings {
		if f.Row == row {
			var all []string
			for _, w := range f.Words {
				all = append(all, w.Word)
			}
			return strings.Join(all, ", ")
		}
	}
	return "no row " + row
}

func with(change func(*measurement)) measurement {
	m := even
	change(&m)
	return m
}

func TestPerformanceRule(t *testing.T) {
	scaled := func(rps, cpu float64) measurement {
		return with(func(m *measurement) { m.rps64, m.cpu64 = m.rps64*rps, m.cpu64*cpu })
	}
	for _, test := range []struct {
		name string
		a, b []measurement
		want string
	}{
		{"the same", thrice(even), thrice(even), "No difference, No difference"},
		{"less CPU at the same throughput", thrice(even), thrice(scaled(1, 0.5)), "Moderate, High"},
		{"more throughput at the same CPU", thrice(scaled(1.6, 1)), thrice(even), "High, Moderate"},
		{"below the floor", thrice(even), thrice(scaled(1, 0.97)), "No difference, No difference"},
		{"one round lies on the other side", thrice(even), []measurement{scaled(1, 0.5), scaled(1, 0.5), scaled(1, 1.01)}, "No difference, No difference"},
		{"of two that disagree the larger decides: throughput", thrice(scaled(5, 1)), thrice(scaled(1, 0.7)), "High, Moderate"},
		{"of two that disagree the larger decides: CPU", thrice(scaled(1.2, 1)), thrice(scaled(1, 0.5)), "Moderate, High"},
		{"errors come first", thrice(with(func(m *measurement) { m.failed = 0.05; m.cpu64 = 1 })), thrice(even), "Moderate, High"},
		{"one round is too few", []measurement{even}, thrice(scaled(1, 0.5)), "Cannot tell, Cannot tell"},
		{"nothing at all of one", nil, thrice(even), "Cannot tell, Cannot tell"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := words(recordOf(test.a, test.b), results.RowPerformance); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestScalabilityRule(t *testing.T) {
	for _, test := range []struct {
		name string
		b    measurement // against even
		want string
	}{
		{"the same", even, "No difference, No difference"},
		{"more memory for each connection", with(func(m *measurement) { m.memory1000 = 60 << 20 }), "High, Lower"},
		{"as much for each connection, more to begin with", with(func(m *measurement) { m.memory64 += 80 << 20; m.memory1000 += 80 << 20 }), "No difference, No difference"},
		{"less than can be told from nothing", with(func(m *measurement) { m.memory1000 = m.memory64 }), "Lower, High"},
		{"a thread for each connection", with(func(m *measurement) { m.threads1000 = 1010 }), "High, Lower"},
		{"throughput breaks down, though it takes less memory", with(func(m *measurement) { m.rps1000 = 4000; m.memory1000 = 17 << 20 }), "High, Lower"},
		{"throughput grows less, from a better start", with(func(m *measurement) { m.rps64 *= 4 }), "No difference, No difference"},
		{"p99 breaks down", with(func(m *measurement) { m.p99at1000 = 250e3 }), "High, Lower"},
		{"p99 is a little worse", with(func(m *measurement) { m.p99at1000 = 90e3 }), "No difference, No difference"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := words(recordOf(thrice(even), thrice(test.b)), results.RowScalability); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestExecutionRule(t *testing.T) {
	threads := func(at64, at1000 int) []measurement {
		return thrice(with(func(m *measurement) { m.threads64, m.threads1000 = at64, at1000 }))
	}
	r := recordOf(threads(70, 1010), threads(9, 12), threads(210, 210), nil)
	if got, want := words(r, results.RowExecution), "Blocking, Non-blocking, Blocking, Cannot tell"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// A runtime's own threads on a machine of many cores are not a thread for each request.
	r.Host.Cores = 64
	if got, want := words(r, results.RowExecution), "Blocking, Non-blocking, Non-blocking, Cannot tell"; got != want {
		t.Errorf("with 64 cores: got %s, want %s", got, want)
	}
	// A server without load has more threads than requests, whatever its model.
	for i := range r.Trials {
		for j := range r.Trials[i].Rungs {
			r.Trials[i].Rungs[j].InFlight /= 10
		}
	}
	if got, want := words(r, results.RowExecution), "Cannot tell, Cannot tell, Cannot tell, Cannot tell"; got != want {
		t.Errorf("idle: got %s, want %s", got, want)
	}
}

func TestOneModeHasNothingToBeComparedWith(t *testing.T) {
	r := recordOf(thrice(even))
	for row, want := range map[string]string{results.RowExecution: "Non-blocking", results.RowPerformance: "", results.RowScalability: ""} {
		if got := words(r, row); got != want {
			t.Errorf("%s: got %q, want %q", row, got, want)
		}
	}
}

func TestThreeModes(t *testing.T) {
	best := with(func(m *measurement) { m.cpu64 = 10 })
	worst := with(func(m *measurement) { m.cpu64 = 40 })
	for _, test := range []struct {
		modes [][]measurement
		want  string
	}{
		{[][]measurement{thrice(worst), thrice(best), thrice(even)}, "Moderate, High, Moderate"},
		{[][]measurement{thrice(best), thrice(worst), thrice(best)}, "High, Moderate, High"},
		{[][]measurement{thrice(even), nil, thrice(best)}, "Moderate, Cannot tell, High"},
	} {
		if got := words(recordOf(test.modes...), results.RowPerformance); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func drawn(t *rapid.T, label string) []measurement {
	factor := rapid.Float64Range(0.3, 3)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) measurement {
		m := even
		for _, f := range []*float64{&m.rps64, &m.cpu64, &m.rps1000, &m.p99at1000} {
			*f *= factor.Draw(t, "factor")
		}
		m.memory1000 = m.memory64 + uint64(factor.Draw(t, "memory")*float64(8<<20))
		m.threads64 = rapid.IntRange(5, 300).Draw(t, "threads at 64")
		m.threads1000 = rapid.IntRange(5, 1300).Draw(t, "threads at 1,000")
		m.failed = rapid.SampledFrom([]float64{0, 0, 0, 0.005, 0.2}).Draw(t, "failed")
		return m
	}), 0, 5).Draw(t, label)
}

// The verdict must not depend on which of the two is named first.
func TestSwappingTheModesSwapsTheWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawn(t, "a"), drawn(t, "b")
		for _, row := range []string{results.RowExecution, results.RowPerformance, results.RowScalability} {
			first, second, _ := strings.Cut(words(recordOf(a, b), row), ", ")
			if got, want := words(recordOf(b, a), row), second+", "+first; got != want {
				t.Fatalf("%s: %s, %s; swapped: %s", row, first, second, got)
			}
		}
	})
}

// Nor on the order in which the rounds ran, nor on the unit of a figure.
func TestOrderAndUnitsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := recordOf(drawn(t, "a"), drawn(t, "b"), drawn(t, "c"))
		want := fmt.Sprint(wordsOf(r))
		scale := math.Exp2(float64(rapid.IntRange(-8, 8).Draw(t, "scale")))
		for i := range r.Trials {
			for j := range r.Trials[i].Rungs {
				rung := &r.Trials[i].Rungs[j]
				rung.ThroughputRPS *= scale
				rung.LatencyUS.P99 *= scale
				rung.Process.CPUUSPerRequest *= scale
			}
		}
		r.Trials = rapid.Permutation(r.Trials).Draw(t, "order")
		if got := fmt.Sprint(wordsOf(r)); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

func wordsOf(r *results.Record) (all []string) {
	for _, f := range results.Judge(r)[0].Findings {
		for _, w := range f.Words {
			all = append(all, w.Word)
		}
	}
	return all
}

// What is said to differ has its floor kept in the median, and all its rounds on one side; someone is best unless none is known.
func TestWhatIsSaidToDifferDoes(t *testing.T) {
	floors := map[string]float64{}
	for _, m := range append(results.Performance, results.Scalability...) {
		floors[m.Name] = m.Floor
	}
	rapid.Check(t, func(t *rapid.T) {
		r := recordOf(drawn(t, "a"), drawn(t, "b"), drawn(t, "c"))
		before := *r
		for _, f := range results.Judge(r)[0].Findings {
			for _, c := range f.Comparisons {
				if c.Rounds > 0 && (c.Low > c.Ratio*(1+1e-9) || c.Ratio > c.High*(1+1e-9)) {
					t.Fatalf("median outside of its rounds: %+v", c)
				}
				if c.Better == "" {
					if c.Decides {
						t.Fatalf("decides without a difference: %+v", c)
					}
					continue
				}
				if c.Rounds < 2 || math.Max(c.Ratio, 1/c.Ratio) < (1+floors[c.Metric])*(1-1e-9) || (c.Low < 1) != (c.High < 1) {
					t.Fatalf("differs without reason: %+v", c)
				}
				if more, ratio, low, high := c.Factors(); ratio < 1 || low > high || more != c.A && more != c.B {
					t.Fatalf("factors of %+v: %s %v %v %v", c, more, ratio, low, high)
				}
			}
		}
		if diff := cmp.Diff(&before, r); diff != "" {
			t.Fatalf("judging changed the record:\n%s", diff)
		}
	})
}

func TestBaseAndTop(t *testing.T) {
	for _, test := range []struct {
		ladder    []int
		base, top int
	}{{[]int{1, 8, 64, 1000}, 64, 1000}, {[]int{1, 8, 32}, 32, 32}, {[]int{1, 8, 128}, 8, 128}, {nil, 0, 0}} {
		var w results.Workload
		for _, n := range test.ladder {
			w.Ladder = append(w.Ladder, results.Step{Connections: n})
		}
		if w.Base() != test.base || w.Top() != test.top {
			t.Errorf("%v: base %d, top %d", test.ladder, w.Base(), w.Top())
		}
	}
}
