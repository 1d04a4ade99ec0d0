package report_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/results"
)

// behaviour is what a made-up server does, so that a page can be looked at and tested without an
// hour of benches.
type behaviour struct {
	mode        results.Mode
	peak        float64                // requests per second
	alone       float64                // on one connection
	fall        float64                // share of the throughput lost at 1,000 connections
	cpu         float64                // µs per request
	slower      float64                // µs per request more at 1,000 connections
	tail        float64                // of the latency's spread
	threads     func(inFlight int) int // of the operating system
	perThread   float64                // bytes
	resident    float64                // bytes
	busyThreads int
}

var behaviours = []behaviour{
	{results.Mode{Name: "blocking",
		Summary: "a thread for each connection, blocking calls: the traditional backend"}, 36_000, 9_300, 0.25, 21, 9,
		0.9, func(n int) int { return 14 + n }, 45e3, 17e6, 3},
	{results.Mode{Name: "async", Summary: "one event loop, non-blocking calls: how Node.js works"}, 58_000,
		11_800, 0.08, 9, 1, 0.5, func(int) int { return 9 }, 2.5e3, 15e6, 1},
	{results.Mode{Name: "goroutine", Summary: "a goroutine for each connection, parked by Go's runtime"},
		47_000, 10_900, 0.12, 14, 2, 0.6, func(n int) int { return min(9+n/32, 15) }, 9e3, 16e6, 2},
	{results.Mode{Name: "pool", Summary: "a fixed number of threads, and a queue before them"}, 34_000,
		9_100, 0.4, 22, 6, 1.1, func(n int) int { return min(14+n, 214) }, 45e3, 18e6, 3},
	{results.Mode{Name: "node", Summary: "Node's own http module"}, 21_000, 6_000, 0.1, 44, 3, 0.7,
		func(int) int { return 11 }, 6e3, 52e6, 1},
	{results.Mode{Name: "express", Summary: "Express on Node"}, 4_100, 1_900, 0.1, 230, 15, 0.8,
		func(int) int { return 11 }, 8e3, 66e6, 1},
}

var sampleWorkloads = []results.Workload{
	{Name: "hello", Method: "GET", Target: "/",
		Summary: "a fixed line of HTML: what the server itself costs", Base: 64},
	{Name: "wait", Method: "GET", Target: "/wait?ms=50", Summary: "only waits: how waiting is held", Base: 512},
	{Name: "file", Method: "GET", Target: "/file", Summary: "reads 64 KiB from disk", Base: 64},
	{Name: "api", Method: "GET", Target: "/api?ms=50", Summary: "calls another service", Base: 512},
	{Name: "db", Method: "GET", Target: "/db", Summary: "a query to SQLite", Base: 64},
	{Name: "login", Method: "POST", Target: "/login", Summary: "hashes a password", Base: 64},
	{Name: "cpu", Method: "GET", Target: "/cpu", Summary: "computes for milliseconds", Base: 64},
}

var sampleLadder = []results.Step{{Connections: 1, DurationS: 0.3}, {Connections: 8, DurationS: 0.3},
	{Connections: 64, DurationS: 1}, {Connections: 512, DurationS: 0.7}, {Connections: 2000, DurationS: 0.7}}

// bench is a made-up record of some modes and workloads, whole in every part, with histograms and
// timelines. The same arguments give the same record.
func bench(t testing.TB, modes, workloads, rounds int) *results.Record {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 11))
	start := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	r := &results.Record{
		Tool: results.Tool, SchemaVersion: results.SchemaVersion, ToolVersion: "v1.2.3", Started: start, ElapsedS: 83.4,
		Host: results.Host{OS: "linux", Arch: "amd64", Kernel: "6.18.44", Cores: 2, CPU: "AMD EPYC 7B13",
			Governor: "performance", Go: "go1.26.8", CPUQuota: 2, MemoryLimit: 8 << 30, OpenFiles: 20000},
		Settings: results.Settings{
			Profile: "standard", Rounds: rounds, Seed: 2996293538333003, Engine: "auto", Share: 0.7,
			SLOUS: 100_000, Yardstick: 1,
			Pin: results.Pin{Asked: "auto", Server: "0", Generator: "1", Note: "each side has one CPU"},
		},
		Selftest: &results.Selftest{ElapsedS: 4.1, Verdict: results.SelftestOK, Checks: []results.SelftestCheck{
			{Engine: "loop", Load: "delay 5 ms", Figure: "p50", Unit: "us", Truth: 5000, Measured: 5060,
				Allowed: 100, Attempts: 1, Verdict: results.SelftestOK},
			{Engine: "vegeta", Load: "delay 5 ms", Figure: "p50", Unit: "us", Truth: 5000, Measured: 5081,
				Allowed: 100, Attempts: 1, Verdict: results.SelftestOK},
		}},
	}
	for _, b := range behaviours[:modes] {
		r.Settings.Modes = append(r.Settings.Modes, b.mode)
	}
	for _, w := range sampleWorkloads[:workloads] {
		w.Ladder = sampleLadder
		r.Settings.Workloads = append(r.Settings.Workloads, w)
		for _, b := range behaviours[:modes] {
			r.Rates = append(r.Rates,
				results.Rates{Workload: w.Name, Mode: b.mode.Name, CapacityRPS: b.peak,
					CommonRPS: 0.7 * behaviours[0].peak, OwnRPS: 0.7 * b.peak})
		}
	}
	for round := 1; round <= rounds; round++ {
		for _, w := range r.Settings.Workloads {
			for _, b := range behaviours[:modes] {
				r.Trials = append(r.Trials, b.trial(t, random, w, round, start))
				start = start.Add(6 * time.Second)
			}
		}
	}
	r.Verdicts = results.Judge(r)
	return r
}

// sleeps are voluntary context switches per request: one event loop finds more to do the more
// clients it has.
func (b behaviour) sleeps(connections int) float64 {
	if b.busyThreads > 1 {
		return 1 + 0.1*float64(b.busyThreads)
	}
	return 1 / (1 + 0.5*float64(connections))
}

// trial goes up the ladder, and through both open loads.
func (b behaviour) trial(t testing.TB, random *rand.Rand, w results.Workload, round int,
	start time.Time) results.Trial {
	trial := results.Trial{
		Workload: w.Name, Mode: b.mode.Name, Round: round, Started: start, ElapsedS: 6,
		WarmUp: &results.WarmUp{TookS: 0.6, Windows: 12, Steady: true},
	}
	at := 0.8
	luck := math.Exp(0.06 * random.NormFloat64()) // of this server process
	for _, step := range w.Ladder {
		rung := b.rung(t, random, w, step, luck)
		rung.StartS = at
		at += step.DurationS + 0.15
		trial.Rungs = append(trial.Rungs, rung)
	}
	for _, load := range []string{results.Common, results.Own} {
		rate := 0.7 * behaviours[0].peak
		if load == results.Own {
			rate = 0.7 * b.peak
		}
		if w.Base == 512 {
			rate = 2000
		}
		rung := b.rung(t, random, w, results.Step{Connections: 64, DurationS: 1}, luck*rate/b.peak*1.2)
		rung.Load, rung.Engine, rung.OfferedRPS, rung.StartS = load, "loop", rate, at
		uncorrected := rung.LatencyUS
		uncorrected.P99 *= 0.6
		rung.UncorrectedUS, rung.SendLagUS = &uncorrected, &results.Lag{P50: 4, P99: 60}
		at += 1.15
		trial.Rungs = append(trial.Rungs, rung)
	}
	trust := trial.Weigh()
	trial.Trust = &trust
	return trial
}

// rung has a throughput that rises, bends and falls, and latencies that follow from it (Little),
// spread as if by chance.
func (b behaviour) rung(t testing.TB, random *rand.Rand, w results.Workload, step results.Step,
	luck float64) results.Rung {
	t.Helper()
	n := float64(step.Connections)
	rps := b.alone * n / (1 +
		(n-1)*b.alone/b.peak) * (1 - b.fall*n/(n+1000)) * luck * math.Exp(0.02*random.NormFloat64())
	least := 0.0
	if w.Base == 512 { // it waits for 50 ms
		rps = min(rps, n/0.052)
		least = 50e3
	}
	mean := 1e6 * n / rps
	latency := hdr.New(1, int64(60*time.Second), 3)
	for range 2500 {
		us := least + (mean-least)*math.Exp(b.tail*0.6*random.NormFloat64()-0.1)
		if random.Float64() < 0.01 {
			us += mean * b.tail * random.ExpFloat64() * 3
		}
		if err := latency.RecordValues(int64(us*1e3), int64(max(1, rps*step.DurationS/2500))); err != nil {
			t.Fatal(err)
		}
	}
	encoded, err := latency.Encode(hdr.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	us := func(p float64) float64 { return float64(latency.ValueAtPercentile(p)) / 1e3 }
	answered := uint64(latency.TotalCount())
	cpu := (b.cpu + b.slower*n/(n+1000)) * math.Exp(0.05*random.NormFloat64())
	threads := b.threads(step.Connections)
	trust := results.Trust{Status: results.Valid, Reasons: []string{}}
	return results.Rung{
		Load: results.Closed, Engine: "loop", Connections: step.Connections, ElapsedS: step.DurationS,
		Requests: answered, Codes: map[int]uint64{200: answered},
		ThroughputRPS: rps, InFlight: 0.95 * n, Histogram: string(encoded), Trust: &trust,
		LatencyUS: results.Latency{Mean: latency.Mean() / 1e3, P50: us(50), P90: us(90), P99: us(99),
			P999: us(99.9), Max: us(100)},
		Process: &results.Process{
			CPUS: cpu * float64(answered) / 1e6, CPUUSPerRequest: cpu, Threads: threads,
			ActiveThreads: threads, BusyThreads: b.busyThreads,
			RSSBytes:            uint64(b.resident + b.perThread*n),
			VoluntarySwitches:   uint64(b.sleeps(step.Connections) * float64(answered)),
			InvoluntarySwitches: answered / 50,
		},
		Yardstick: &results.Yardstick{Slices: 20, CPUUS: 10, ThroughputRPS: 60_000, RelativeCPU: cpu / 10,
			RelativeThroughput: rps / 60_000},
		Timeline: b.timeline(random, step, rps, cpu, threads),
	}
}

func (b behaviour) timeline(random *rand.Rand, step results.Step, rps, cpu float64, threads int) *results.Timeline {
	const interval = 0.02
	line := &results.Timeline{IntervalS: interval}
	for range int(step.DurationS/interval + 0.5) {
		n := rps * interval * math.Exp(0.08*random.NormFloat64())
		line.Requests = append(line.Requests, uint64(n))
		line.CPUS = append(line.CPUS, min(cpu*n/1e6, 2*interval))
		line.Threads = append(line.Threads, threads)
		line.RSSBytes = append(line.RSSBytes, uint64(b.resident))
	}
	return line
}

// voided takes a run's trust away.
func voided(r *results.Record, trial, rung int) {
	trust := results.Weigh(results.Evidence{LatencyUS: results.Latency{P50: -1}})
	r.Trials[trial].Rungs[rung].Trust = &trust
	r.Verdicts = results.Judge(r)
}

// failed is a trial whose server died with last words that mean harm.
func failed(r *results.Record, trial int, words string) {
	t := &r.Trials[trial]
	t.Rungs = t.Rungs[:1]
	t.Failure = fmt.Sprintf("server %s: it exited with status 2", t.Mode)
	t.Stderr = []string{"panic: no luck", words}
	r.Verdicts = results.Judge(r)
}
