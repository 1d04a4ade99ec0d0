package results_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"nodecompare/results"
)

// measurement is the part of a trial that verdicts look at.
type measurement struct {
	rps64, cpu64               float64
	light, p50, p99            float64 // CPU per request and latency at the common rate
	rps1000, p99at1000         float64
	memory64, memory1000       uint64
	threads64, threads1000     int
	failed                     float64 // share of requests, at both rungs
	relativeCPU, relativeSpeed float64 // over the yardstick's; 0 for none
	yardCPU                    float64 // of the yardstick
}

// even is a server like any other.
var even = measurement{
	rps64: 1280, cpu64: 20, light: 30, p50: 51e3, p99: 52e3, rps1000: 20000, p99at1000: 60e3,
	memory64: 16 << 20, memory1000: 24 << 20, threads64: 9, threads1000: 12,
}

func (m measurement) trial(mode string, round int) results.Trial {
	rung := func(connections int, rps, p99 float64, threads int, memory uint64) results.Rung {
		return results.Rung{
			Load: results.Closed, Connections: connections, Requests: 10000,
			Errors: uint64(10000 * m.failed), ThroughputRPS: rps, InFlight: float64(connections),
			LatencyUS: results.Latency{P50: 50e3, P99: p99},
			Process: &results.Process{CPUUSPerRequest: m.cpu64, Threads: threads, ActiveThreads: threads,
				BusyThreads: 1, RSSBytes: memory},
		}
	}
	base, open := rung(64, m.rps64, 52e3, m.threads64, m.memory64), rung(64, m.rps64/2, m.p99, m.threads64, m.memory64)
	if m.relativeCPU > 0 {
		base.Yardstick = &results.Yardstick{RelativeCPU: m.relativeCPU, RelativeThroughput: m.relativeSpeed,
			CPUUS: m.yardCPU}
	}
	open.Load, open.LatencyUS.P50, open.Process.CPUUSPerRequest = results.Common, m.p50, m.light
	return results.Trial{Workload: "wait", Mode: mode, Round: round, Rungs: []results.Rung{
		base, open, rung(1000, m.rps1000, m.p99at1000, m.threads1000, m.memory1000),
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

// often is the same in each of six rounds.
func often(m measurement) []measurement { return slices.Repeat([]measurement{m}, 6) }

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

func scaled(rps, cpu float64) measurement {
	return with(func(m *measurement) { m.rps64, m.cpu64 = m.rps64*rps, m.cpu64*cpu })
}

// unlike puts another measurement into one of the rounds.
func unlike(m, other measurement) []measurement { return append(often(m)[1:], other) }

func TestPerformanceRule(t *testing.T) {
	tail := func(factor float64) measurement { return with(func(m *measurement) { m.p99 *= factor }) }
	const same, unknown, first, second = "No difference, No difference", "Cannot tell, Cannot tell",
		"High, Moderate", "Moderate, High"
	const depends = "Depends on load, Depends on load"
	lightly := func(cpu, wait float64) measurement {
		return with(func(m *measurement) { m.light, m.p50 = m.light*cpu, m.p50*wait })
	}
	for _, test := range []struct {
		name string
		a, b []measurement
		want string
	}{
		{"the same", often(even), often(even), same},
		{"less CPU at the same throughput", often(even), often(scaled(1, 0.5)), second},
		{"within the floor", often(even), often(scaled(1, 0.97)), same},
		{"just beyond the floor", often(even), often(scaled(1, 0.94)), second},
		{"one round lies on the other side", often(even), unlike(scaled(1, 0.7), scaled(1, 1.2)), unknown},
		{"one round lies within the floor", often(even), unlike(scaled(1, 0.5), scaled(1, 0.98)), second},
		{"the same but for one round", often(even), unlike(even, scaled(1, 0.9)), unknown},
		{"five rounds are too few", often(even)[1:], often(scaled(1, 0.5)), unknown},
		{"nothing at all of one", nil, often(even), unknown},
		{"errors come first", often(with(func(m *measurement) { m.failed = 0.05; m.cpu64 = 1 })), often(even), second},
		{"nothing but errors", often(with(func(m *measurement) { m.failed = 1 })), often(even), second},
		{"throughput alone decides nothing, and is a difference", often(scaled(1.6, 1)), often(even), unknown},
		{"throughput vetoes", often(scaled(1.5, 1)), often(scaled(1, 0.7)), unknown},
		{"throughput does not where CPU surely differs more", often(scaled(1.2, 1)), often(scaled(1, 0.5)), second},
		{"it does where that is not sure", often(scaled(1.4, 1)), unlike(scaled(1, 0.5), scaled(1, 0.8)), unknown},
		{"throughput within its floor does not", often(scaled(1.04, 1)), often(scaled(1, 0.5)), second},
		{"throughput that wavers does not",
			append(often(scaled(1.2, 1))[2:], scaled(0.8, 1), scaled(0.9, 1)), often(scaled(1, 0.9)), second},
		{"p99 at light load alone", often(tail(2.5)), often(even), depends},
		{"p99 at light load is not twice as much", often(tail(1.9)), often(even), same},
		{"p99 at light load wavers", unlike(tail(2.5), tail(0.2)), often(even), same},
		{"p99 at light load the other way", often(tail(2.5)), often(scaled(1, 1.5)), depends},
		{"CPU at light load the other way", often(lightly(1.3, 1)), often(scaled(1, 1.5)), depends},
		{"p50 at light load the other way", often(lightly(1, 1.3)), often(scaled(1, 1.5)), depends},
		{"light load the other way, within its floor", often(lightly(1.2, 1.2)), often(scaled(1, 1.5)), first},
		{"light load the other way, and one round within the floor",
			unlike(lightly(1.3, 1), lightly(1.1, 1)), often(scaled(1, 1.5)), first},
		{"light load the same way", often(lightly(0.5, 0.5)), often(scaled(1, 1.5)), first},
		{"light load contradicts itself", often(lightly(1.6, 0.5)), often(scaled(1, 1.5)), first},
		{"light load alone", often(lightly(1, 1.3)), often(even), depends},
		{"light load, where the saturated one is open", often(lightly(1, 1.3)), unlike(even, scaled(1, 0.9)), unknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := words(recordOf(test.a, test.b), results.RowPerformance); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// Where requests compute for milliseconds, Performance rests on throughput.
func TestPerformanceOfComputingRoutes(t *testing.T) {
	r := recordOf(often(scaled(1.6, 1)), often(even))
	r.Settings.Workloads[0].WaitUS, r.Settings.Workloads[0].CPUUS = 0, 20e3
	if got := words(r, results.RowPerformance); got != "High, Moderate" {
		t.Errorf("got %s", got)
	}
}

// Memory has the word on routes that wait, and only while p99 is the wait's own.
func TestScalabilityOfRoutesThatDoNotWait(t *testing.T) {
	r := recordOf(often(even), often(with(func(m *measurement) { m.memory1000 = 60 << 20 })))
	r.Settings.Workloads[0].WaitUS = 0
	if got := words(r, results.RowScalability); got != "Cannot tell, Cannot tell" {
		t.Errorf("got %s", got)
	}
}

// Each mode's factor is against the best one of the first group.
func TestStandings(t *testing.T) {
	cpu := func(v float64) []measurement { return often(with(func(m *measurement) { m.cpu64 = v })) }
	f := results.Judge(recordOf(cpu(20), cpu(10.2), cpu(40), cpu(10)))[0].Findings[1]
	var got []string
	for _, s := range f.Standings {
		got = append(got, fmt.Sprintf("%s %d %s %.2f %.2f-%.2f", s.Mode, s.Group, s.Best, s.Ratio, s.Low, s.High))
	}
	want := []string{"a 2 d 2.00 2.00-2.00", "b 1 d 1.02 1.02-1.02", "c 3 d 4.00 4.00-4.00", "d 1 d 1.00 1.00-1.00"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A machine that is half as fast in some rounds, in the midst of a trial: the yardstick beside it
// knows.
func TestTheYardstickIsUsedWhereItHelps(t *testing.T) {
	drift := []float64{1, 1.6, 0.7, 1.2, 0.8, 1.4}
	rounds := func(cpu, relative float64, wobble float64) (all []measurement) {
		for i, d := range drift {
			all = append(all, with(func(m *measurement) {
				m.cpu64 = cpu * d
				m.relativeCPU, m.relativeSpeed = relative*(1+wobble*float64(i%2)), 1
			}))
		}
		return all
	}
	backwards := rounds(16, 0.8, 0)
	for i, d := range drift {
		backwards[i].cpu64 = 16 / d
	}
	for _, test := range []struct {
		name     string
		b        []measurement
		want     string
		relative bool
	}{
		{"absolute figures say nothing, relative ones do", backwards, "Moderate, High", true},
		{"relative figures are the noisier ones", rounds(10, 0.5, 20), "Cannot tell, Cannot tell", false},
		{"one has none", often(scaled(1, 0.5)), "Cannot tell, Cannot tell", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := results.Judge(recordOf(rounds(20, 1, 0), test.b))[0].Findings[1]
			for _, c := range f.Comparisons {
				if c.Metric == "CPU per request" && !c.Light && c.Relative != test.relative {
					t.Errorf("%+v", c)
				}
			}
			if got := words(recordOf(rounds(20, 1, 0), test.b), results.RowPerformance); test.relative &&
				got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestScalabilityRule(t *testing.T) {
	const same, unknown, first, second = "No difference, No difference", "Cannot tell, Cannot tell",
		"High, Lower", "Lower, High"
	for _, test := range []struct {
		name string
		b    []measurement // against even
		want string
	}{
		{"the same", often(even), same},
		{"more memory for each connection", often(with(func(m *measurement) { m.memory1000 = 60 << 20 })), first},
		{"as much for each connection, more to begin with",
			often(with(func(m *measurement) { m.memory64 += 80 << 20; m.memory1000 += 80 << 20 })), same},
		{"less than can be told from nothing", often(with(func(m *measurement) { m.memory1000 = m.memory64 })), second},
		{"a thread for each connection, and no more memory",
			often(with(func(m *measurement) { m.threads1000 = 1010 })), unknown},
		{"a thread and more memory for each connection",
			often(with(func(m *measurement) { m.threads1000 = 1010; m.memory1000 = 60 << 20 })), first},
		{"three threads more are nothing", often(with(func(m *measurement) { m.threads1000 = 15 })), same},
		{"throughput breaks down, though it takes less memory",
			often(with(func(m *measurement) { m.rps1000 = 4000; m.memory1000 = 17 << 20 })), unknown},
		{"throughput grows less, from a better start", often(with(func(m *measurement) { m.rps64 *= 4 })), same},
		{"p99 breaks down", often(with(func(m *measurement) { m.p99at1000 = 250e3 })), first},
		{"p99 is a little worse", often(with(func(m *measurement) { m.p99at1000 = 90e3 })), same},
		{"p99 is no longer within the SLO", often(with(func(m *measurement) { m.p99at1000 = 110e3 })), unknown},
		{"p99 breaks down, and beyond the wait memory has no say",
			often(with(func(m *measurement) { m.p99at1000 = 250e3; m.memory1000 = 18 << 20 })), unknown},
		{"throughput may break down",
			unlike(with(func(m *measurement) { m.memory1000 = 17 << 20 }),
				with(func(m *measurement) { m.rps1000 = 4000 })), second},
		{"throughput may break down, and memory says the same",
			unlike(with(func(m *measurement) { m.memory1000 = 60 << 20 }),
				with(func(m *measurement) { m.rps1000 = 4000; m.memory1000 = 60 << 20 })), first},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := words(recordOf(often(even), test.b), results.RowScalability); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestOneModeHasNothingToBeComparedWith(t *testing.T) {
	r := recordOf(often(even))
	for row, want := range map[string]string{results.RowExecution: "Non-blocking",
		results.RowPerformance: "", results.RowScalability: ""} {
		if got := words(r, row); got != want {
			t.Errorf("%s: got %q, want %q", row, got, want)
		}
	}
}

func TestThreeModes(t *testing.T) {
	cpu := func(v float64) []measurement { return often(with(func(m *measurement) { m.cpu64 = v })) }
	wavers := append(cpu(10)[1:], cpu(60)[0])
	lightly := func(v, light float64) []measurement {
		return often(with(func(m *measurement) { m.cpu64, m.light = v, light }))
	}
	for name, test := range map[string]struct {
		modes [][]measurement
		want  string
	}{
		"one best": {[][]measurement{cpu(40), cpu(10), often(even)},
			"Moderate, High, Moderate"},
		"two best": {[][]measurement{cpu(10), cpu(40), cpu(10)}, "High, Moderate, High"},
		"one was not measured": {[][]measurement{often(even), nil, cpu(10)},
			"Moderate, Cannot tell, High"},
		"one may be best": {[][]measurement{often(even), wavers, cpu(10)},
			"Moderate, Cannot tell, High"},
		"two best, and one cannot tell them": {[][]measurement{cpu(10),
			append(cpu(10)[2:], cpu(8)[0], cpu(12)[0]), cpu(40)}, "High, High, Moderate"},
		"a chain within floors": {[][]measurement{cpu(20), cpu(20.8),
			cpu(21.6)}, "High, High, Moderate"},
		"one is best when saturated, another at light load": {[][]measurement{lightly(40, 30),
			lightly(10, 30), lightly(20, 15)}, "Moderate, Depends on load, Depends on load"},
		"a third is the same as two that depend on it": {[][]measurement{lightly(20, 30),
			lightly(20, 39), lightly(20, 34)}, "Depends on load, Depends on load, No difference"},
		"and a third is beaten at both": {[][]measurement{lightly(40, 60),
			lightly(10, 30), lightly(20, 15)}, "Moderate, Depends on load, Depends on load"},
		"a beaten one is ahead of the best at light load": {[][]measurement{lightly(40, 15),
			lightly(10, 30), lightly(20, 15)}, "Moderate, Depends on load, Depends on load"},
		"all the same": {[][]measurement{often(even), often(even), often(even)},
			"No difference, No difference, No difference"},
		"two the same, and one may be so": {[][]measurement{often(even), often(even), wavers},
			"Cannot tell, Cannot tell, Cannot tell"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := words(recordOf(test.modes...), results.RowPerformance); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// A figure that the system does not tell decides nothing; what it leaves open cannot be called no
// difference.
func TestWithoutProcessFigures(t *testing.T) {
	without := func(r *results.Record) *results.Record {
		for _, t := range r.Trials {
			for i := range t.Rungs {
				t.Rungs[i].Process = nil
			}
		}
		return r
	}
	for name, test := range map[string]struct {
		b    measurement
		want string
	}{
		"the same":            {even, "Cannot tell, Cannot tell"},
		"throughput is there": {scaled(2, 1), "Moderate, High"},
	} {
		t.Run(name, func(t *testing.T) {
			r := without(recordOf(often(even), often(test.b)))
			if got := words(r, results.RowPerformance); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if got := words(r, results.RowExecution); got != "Cannot tell, Cannot tell" {
				t.Errorf("Execution: %s", got)
			}
		})
	}
}
