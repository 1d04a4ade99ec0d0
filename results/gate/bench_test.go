package gate_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"nodecompare/results"
	"nodecompare/results/gate"
)

// performance is what a server does, before the machine disturbs it.
type performance struct {
	cpu, rps  float64 // over the yardstick's
	rss       float64 // bytes at the top
	threads   int     // at the top
	answered  float64 // share
	p99       float64 // µs
	noThreads bool    // as on a system that does not tell what a process uses
}

var performances = map[string]performance{
	"blocking": {cpu: 1.9, rps: 0.6, rss: 62e6, threads: 1040, answered: 1, p99: 2500},
	"async":    {cpu: 1.1, rps: 0.95, rss: 18e6, threads: 9, answered: 1, p99: 1700},
}

// weather is how a machine disturbs what is measured on it: standard deviations of logarithms.
type weather struct {
	cpu, rps, rss float64 // from trial to trial, of the figures over the yardstick's
	elsewhere     float64 // from trial to trial, of CPU and throughput on the rungs with no yardstick
	p99           float64 // from trial to trial
	machine       float64 // from trial to trial, of the machine's speed, which the yardstick sees too
	run           float64 // from run to run, of the figures over the yardstick's
	outliers      float64 // share of trials that something hit on one side only: a tenth to two fifths worse
	threads       int     // 1: up to 3 more at the top, and 4% of what there are
}

// bench makes records of two modes on two workloads.
type bench struct {
	rounds   int
	weather  func(*rand.Rand) weather // of a mode on a workload
	change   func(workload, mode string, p *performance)
	alone    bool // no yardstick
	again    bool // with a second run of everything
	workload []string
}

func unchanged(string, string, *performance) {}

func (b bench) record(random *rand.Rand) *results.Record {
	r := &results.Record{
		Tool: results.Tool, SchemaVersion: results.SchemaVersion, ToolVersion: "v1.2.3",
		Started: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
		Host: results.Host{OS: "linux", Arch: "amd64", Kernel: "6.18.44", Cores: 2, CPU: "Model 7",
			Go: "go1.26.8", OpenFiles: 20000},
		Settings: results.Settings{Profile: "standard", Rounds: b.rounds, Engine: "auto", Yardstick: 1,
			Pin: results.Pin{Asked: "auto", Server: "0", Generator: "1"}},
	}
	if b.alone {
		r.Settings.Yardstick = 0
	}
	for _, mode := range []string{"blocking", "async"} {
		r.Settings.Modes = append(r.Settings.Modes, results.Mode{Name: mode, Summary: "about " + mode})
	}
	for _, name := range b.workload {
		r.Settings.Workloads = append(r.Settings.Workloads, results.Workload{
			Name: name, Method: "GET", Target: "/" + name, Base: 64,
			Ladder: []results.Step{{Connections: 1, DurationS: 0.5}, {Connections: 64, DurationS: 1.5},
				{Connections: 1000, DurationS: 0.7}},
		})
		for _, m := range r.Settings.Modes {
			p := performances[m.Name]
			b.change(name, m.Name, &p)
			w := b.weather(random)
			p.cpu *= math.Exp(w.run * random.NormFloat64())
			p.rps *= math.Exp(w.run * random.NormFloat64())
			p.p99 *= math.Exp(w.p99 / 10 * random.NormFloat64())
			for round := 1; round <= b.rounds; round++ {
				r.Trials = append(r.Trials, b.trial(random, w, p, name, m.Name, round))
			}
			for round := 1; b.again && round <= b.rounds; round++ {
				r.Again = append(r.Again, b.trial(random, w, p, name, m.Name, b.rounds+round))
			}
		}
	}
	return r
}

func (b bench) trial(random *rand.Rand, w weather, p performance, workload, mode string, round int) results.Trial {
	noise := func(sigma float64) float64 { return math.Exp(sigma * random.NormFloat64()) }
	cpu, rps, speed := p.cpu*noise(w.cpu), p.rps*noise(w.rps), noise(w.machine)
	if random.Float64() < w.outliers {
		hit := 1.1 + 0.3*random.Float64()
		cpu, rps = cpu*hit, rps/hit
	}
	t := results.Trial{Workload: workload, Mode: mode, Round: round, ElapsedS: 5}
	for _, connections := range []int{1, 64, 1000} {
		rung := results.Rung{
			Load: results.Closed, Engine: "loop", Connections: connections, ElapsedS: 1, Requests: 10_000,
			Errors:        uint64(math.Round(10_000 * (1 - p.answered))),
			ThroughputRPS: 90e3 * rps / speed, InFlight: float64(connections),
			LatencyUS: latency(p.p99 * speed * noise(w.p99)),
			Process: &results.Process{
				CPUUSPerRequest: 8.2 * cpu * speed,
				Threads:         p.threads + random.IntN(1+w.threads*(4+p.threads/25)),
				RSSBytes:        uint64(p.rss * noise(w.rss)),
			},
		}
		if connections != 64 {
			rung.ThroughputRPS *= noise(w.elsewhere)
			rung.Process.CPUUSPerRequest *= noise(w.elsewhere)
		}
		if p.noThreads {
			rung.Process = nil
		}
		if connections == 64 && !b.alone {
			rung.Yardstick = &results.Yardstick{Slices: 20, CPUUS: 8.2 * speed, ThroughputRPS: 90e3 / speed,
				RelativeCPU: cpu, RelativeThroughput: rps}
		}
		t.Rungs = append(t.Rungs, rung)
	}
	open := results.Rung{
		Load: results.Common, Engine: "vegeta", Connections: 64, ElapsedS: 1, Requests: 10_000,
		OfferedRPS: 5_000, ThroughputRPS: 5_000,
		LatencyUS: latency(p.p99 / 2 * speed * noise(w.p99)),
		Errors:    uint64(math.Round(10_000 * (1 - p.answered))),
	}
	t.Rungs = append(t.Rungs, open)
	return t
}

func latency(p99 float64) results.Latency { return results.Latency{P50: p99 / 4, P99: p99} }

// sixRounds is a bench on one workload with no noise.
var sixRounds = bench{rounds: 6, weather: func(*rand.Rand) weather { return weather{} }, change: unchanged,
	workload: []string{"hello"}}

func seeded() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// gated is such a bench, and another one of which only the change is known.
func gated(change func(workload, mode string, p *performance)) (old, newer *results.Record) {
	b := sixRounds
	old = b.record(seeded())
	b.change = change
	return old, b.record(seeded())
}

// outcomes lists what is not a pass, or only shown, e.g. "async CPU per request regressed".
func outcomes(g gate.Result) []string {
	var all []string
	for _, c := range g.Changes {
		if c.Outcome != gate.Pass && c.Outcome != gate.Shown {
			all = append(all, fmt.Sprintf("%s %s %s", c.Mode, c.Metric, c.Outcome))
		}
	}
	return all
}
