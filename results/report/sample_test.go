package report_test

import (
	"time"

	"nodecompare/results"
	"nodecompare/results/stat"
)

// The sample is one bench, as all formats are tested with: two modes on two workloads in six
// rounds, on a machine that was disturbed once or twice. Its verdicts are written by hand, so that
// a change of the rules does not change what is tested here.

// levels are what one mode does on one workload, closed loads by rung, then the open ones.
type levels struct {
	rps, p50, p99, cpu     []float64 // requests/s, µs
	threads, active        []int
	memory                 []uint64
	commonRPS, ownRPS      float64 // 0 for no load of its own
	commonP50, commonP99   float64
	ownP50, ownP99         float64
	relativeCPU, relativeT float64
}

var fourRungs = []int{1, 8, 64, 1000}

var sampled = map[string]map[string]levels{
	"hello": {
		"blocking": {
			rps: []float64{21_300, 39_100, 41_200, 33_800}, p50: []float64{38, 190, 1510, 27_900},
			p99: []float64{110, 412, 4870, 57_600}, cpu: []float64{30.2, 25.7, 24.1, 27.4},
			threads: []int{9, 15, 71, 1007}, active: []int{4, 11, 67, 1003},
			memory:    []uint64{14_200_000, 14_900_000, 21_700_000, 118_300_000},
			commonRPS: 24_720, commonP50: 214, commonP99: 1930, relativeCPU: 2.29, relativeT: 0.51,
		},
		"async": {
			rps: []float64{21_800, 61_700, 86_900, 80_300}, p50: []float64{40, 118, 702, 12_100},
			p99: []float64{96, 240, 1640, 19_800}, cpu: []float64{17.6, 9.9, 8.99, 9.42},
			threads: []int{9, 9, 9, 10}, active: []int{3, 3, 3, 3},
			memory:    []uint64{13_800_000, 13_900_000, 14_600_000, 24_100_000},
			commonRPS: 24_720, commonP50: 121, commonP99: 640, ownRPS: 52_100, ownP50: 290, ownP99: 2210,
			relativeCPU: 0.86, relativeT: 1.07,
		},
	},
	"cpu": {
		"blocking": {
			rps: []float64{198, 352, 354, 349}, p50: []float64{4970, 21_900, 179_000, 2_750_000},
			p99: []float64{5600, 31_000, 240_000, 3_310_000}, cpu: []float64{5010, 5540, 5560, 5590},
			threads: []int{9, 15, 71, 1007}, active: []int{4, 11, 67, 1001},
			memory:    []uint64{14_300_000, 15_000_000, 21_900_000, 117_800_000},
			commonRPS: 118, commonP50: 5130, commonP99: 9800, ownRPS: 212, ownP50: 5720, ownP99: 14_100,
			relativeCPU: 471, relativeT: 0.0044,
		},
		"async": {
			rps: []float64{194, 196, 196, 195}, p50: []float64{5060, 40_700, 325_000, 4_890_000},
			p99: []float64{5700, 43_000, 341_000, 5_120_000}, cpu: []float64{5050, 5070, 5090, 5110},
			threads: []int{9, 9, 9, 10}, active: []int{3, 3, 3, 3},
			memory:    []uint64{13_900_000, 14_000_000, 14_700_000, 24_000_000},
			commonRPS: 118, commonP50: 7210, commonP99: 31_500, relativeCPU: 431, relativeT: 0.0025,
		},
	},
}

// wobble is what each round multiplies a figure by: noise of a few per cent, the same in every run
// of the test.
var wobble = []float64{1.004, 0.978, 1.031, 0.992, 1.012, 0.987}

func wobbled(v float64, round, salt int) float64 {
	f := wobble[(round*5+salt)%len(wobble)]
	return float64(int64(v*f*1000)) / 1000
}

func sample() *results.Record {
	r := &results.Record{
		Tool: results.Tool, SchemaVersion: results.SchemaVersion, ToolVersion: "v1.2.3",
		Started: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), ElapsedS: 84.2,
		Host: results.Host{OS: "linux", Arch: "amd64", Kernel: "6.18.44", Cores: 2, CPU: "AMD EPYC 7B13",
			Go: "go1.26.8", OpenFiles: 20000},
		Settings: results.Settings{
			Profile: "standard", Rounds: 6, Seed: 7, Engine: "auto", Share: 0.6, SLOUS: 100_000, Yardstick: 1,
			Pin: results.Pin{Asked: "auto", Server: "0", Generator: "1"},
			Modes: []results.Mode{{Name: "blocking", Summary: "a thread for each connection"},
				{Name: "async", Summary: "an event loop on one thread"}},
			Workloads: []results.Workload{
				{Name: "hello", Method: "GET", Target: "/",
					Summary: "a fixed line of HTML: what the server itself costs", Base: 64},
				{Name: "cpu", Method: "GET", Target: "/cpu?n=20", Summary: "5 ms of arithmetic", Base: 64,
					CPUUS: 5000, Note: "On all CPUs: servers and load share them, since the load needs next to none."},
			},
		},
		Selftest: &results.Selftest{ElapsedS: 4.1, Verdict: results.SelftestOK, Checks: []results.SelftestCheck{
			{Engine: "loop", Load: "delay 5 ms", Figure: "p99", Unit: "us", Truth: 5040, Measured: 5100,
				Allowed: 1000, Attempts: 1, Verdict: results.SelftestOK},
		}},
	}
	for i := range r.Settings.Workloads {
		w := &r.Settings.Workloads[i]
		for _, n := range fourRungs {
			w.Ladder = append(w.Ladder, results.Step{Connections: n, DurationS: 0.5})
		}
		for _, m := range r.Settings.Modes {
			l := sampled[w.Name][m.Name]
			rates := results.Rates{Workload: w.Name, Mode: m.Name, CapacityRPS: l.rps[2],
				CommonRPS: l.commonRPS, OwnRPS: l.commonRPS}
			if l.ownRPS > 0 {
				rates.OwnRPS = l.ownRPS
			}
			r.Rates = append(r.Rates, rates)
		}
	}
	for round := 1; round <= r.Settings.Rounds; round++ {
		for _, w := range r.Settings.Workloads {
			for _, m := range r.Settings.Modes {
				r.Trials = append(r.Trials, sampleTrial(w, m.Name, round, r.Started))
			}
		}
	}
	disturb(r)
	for i := range r.Trials {
		trust := r.Trials[i].Weigh()
		r.Trials[i].Trust = &trust
	}
	r.Verdicts = []results.Verdict{helloVerdict(), cpuVerdict()}
	return r
}

func sampleTrial(w results.Workload, mode string, round int, began time.Time) results.Trial {
	l := sampled[w.Name][mode]
	t := results.Trial{
		Workload: w.Name, Mode: mode, Round: round,
		Started: began.Add(time.Duration(round) * 10 * time.Second), ElapsedS: 4.2,
		WarmUp: &results.WarmUp{TookS: 0.6, Windows: 12, Steady: true},
	}
	fill := func(rung results.Rung, salt, i int, rps, p50, p99, cpu float64) results.Rung {
		rung.StartS, rung.ElapsedS = 0.7+0.6*float64(i), 0.5
		rung.ThroughputRPS = wobbled(rps, round, salt)
		rung.Requests = uint64(rung.ThroughputRPS * rung.ElapsedS)
		rung.Codes = map[int]uint64{200: rung.Requests}
		p50, p99 = wobbled(p50, round, salt+1), wobbled(p99, round, salt+2)
		rung.LatencyUS = results.Latency{Mean: p50 * 1.04, P50: p50, P90: p50 + 0.4*(p99-p50), P99: p99,
			P999: p99 * 1.5 * wobble[(round+salt)%6], Max: p99 * 2.2}
		if round == 4 {
			rung.LatencyUS.P999 *= 1.4 // the tail of tails is what noise reaches first
		}
		rung.Process = &results.Process{
			CPUS: float64(rung.Requests) * cpu / 1e6, CPUUSPerRequest: wobbled(cpu, round, salt+3),
			Threads: l.threads[min(i, 3)], ActiveThreads: l.active[min(i, 3)],
			BusyThreads: max(1, l.active[min(i, 3)]-2), RSSBytes: l.memory[min(i, 3)],
			VoluntarySwitches: rung.Requests / 3, InvoluntarySwitches: 11,
		}
		trust := results.Trust{Status: results.Valid, Reasons: []string{}}
		rung.Trust = &trust
		return rung
	}
	for i, n := range fourRungs {
		g := fill(results.Rung{Load: results.Closed, Engine: "loop", Connections: n}, i, i, l.rps[i],
			l.p50[i], l.p99[i], l.cpu[i])
		g.InFlight = float64(n) * 0.98
		if n == w.Base {
			g.Yardstick = &results.Yardstick{Slices: 24, CPUUS: 10.5, ThroughputRPS: 81_000,
				RelativeCPU: wobbled(l.relativeCPU, round, 0), RelativeThroughput: l.relativeT}
			g.Histogram = "HISTFAAAAB542pNpmSzMwMCgwgABzFBaEYm2BxIAKEsBjA=="
			g.Timeline = &results.Timeline{IntervalS: 0.1,
				Requests: []uint64{g.Requests / 2, g.Requests - g.Requests/2}, CPUS: []float64{0.05, 0.05},
				Threads: []int{l.threads[i], l.threads[i]}, RSSBytes: []uint64{l.memory[i], l.memory[i]}}
		}
		t.Rungs = append(t.Rungs, g)
	}
	open := func(load string, offered, p50, p99 float64, i int) {
		g := fill(results.Rung{Load: load, Engine: "loop", Connections: 256, OfferedRPS: offered}, i, i,
			offered, p50, p99, l.cpu[1])
		g.InFlight = offered * p50 / 1e6
		sent := g.LatencyUS
		g.UncorrectedUS, g.SendLagUS = &sent, &results.Lag{P50: 9, P99: 41}
		t.Rungs = append(t.Rungs, g)
	}
	open(results.Common, l.commonRPS, l.commonP50, l.commonP99, 4)
	if l.ownRPS > 0 {
		open(results.Own, l.ownRPS, l.ownP50, l.ownP99, 5)
	}
	return t
}

// disturb puts into the trials what a real machine does: one rung during which the generator was at
// its limit, one that was stolen from, one made again, and requests that failed.
func disturb(r *results.Record) {
	rung := func(workload, mode string, round int, at results.RungKey) *results.Rung {
		for i, t := range r.Trials {
			for j, g := range t.Rungs {
				if t.Workload == workload && t.Mode == mode && t.Round == round && g.Load == at.Load &&
					(at.Connections == 0 || g.Connections == at.Connections) {
					return &r.Trials[i].Rungs[j]
				}
			}
		}
		panic("the sample has no such rung")
	}
	judged := func(e results.Evidence) *results.Trust {
		trust := results.Weigh(e)
		return &trust
	}
	rung("hello", "async", 2, results.ClosedAt(64)).Trust =
		judged(results.Evidence{Elapsed: time.Second,
			Generator: results.Generator{CPU: 970 * time.Millisecond, Cores: 1}})
	rung("hello", "blocking", 5, results.ClosedAt(8)).Trust =
		judged(results.Evidence{Elapsed: time.Second, Stolen: time.Second, Busy: time.Second})
	rung("cpu", "async", 3, results.RungKey{Load: results.Common}).Voided =
		judged(results.Evidence{Elapsed: time.Second, Stolen: time.Second, Busy: time.Second})
	failed := rung("hello", "blocking", 6, results.ClosedAt(1000))
	failed.Errors, failed.ErrorKinds, failed.ErrorExamples = 12,
		map[string]uint64{"reset": 9, "timeout": 3},
		map[string]string{"reset": "read: connection reset by peer", "timeout": "no answer within 5s"}
	failed.Codes = map[int]uint64{200: failed.Requests - failed.Errors}
}

func compared(metric string, at results.RungKey, ratio, low, high, floor float64) results.Comparison {
	c := results.Comparison{Metric: metric, A: "blocking", B: "async", At: at, Rounds: 6, Ratio: ratio,
		Low: low, High: high, Confidence: 0.95, P: 0.004, Floor: floor}
	c.Same = low > 1/(1+floor) && high < 1+floor
	return c
}

func relative(c results.Comparison) results.Comparison {
	c.Relative = true
	return c
}

// won says who the better one is.
func won(c results.Comparison, by string, decides bool) results.Comparison {
	c.Better, c.Decides = by, decides
	return c
}

func words(blocking, async string) []results.Word {
	return []results.Word{{Mode: "blocking", Word: blocking}, {Mode: "async", Word: async}}
}

func executionFinding() results.Finding {
	steps := func(active ...float64) (all []results.ModelStep) {
		for i, n := range fourRungs {
			all = append(all,
				results.ModelStep{Connections: n, InFlight: 0.98 * float64(n), Threads: active[i] + 4,
					ActiveThreads: active[i], BusyThreads: active[i], CPUUSPerRequest: 25, SwitchesPerRequest: 0.3})
		}
		return all
	}
	return results.Finding{Row: results.RowExecution, Words: words(results.Blocking, results.NonBlocking),
		Models: []results.Model{
			{Mode: "blocking", Name: results.ThreadPerRequest,
				Why:   "its threads grew with the requests: 67 ran for 63 in flight, 1,003 for 980",
				Steps: steps(4, 11, 67, 1003)},
			{Mode: "async", Name: results.EventLoop, Threads: 1,
				Why: "1 thread did the work of 63 requests in flight, and of 980", Steps: steps(3, 3, 3, 3)},
		}}
}

func helloVerdict() results.Verdict {
	base, top := results.ClosedAt(64), results.ClosedAt(1000)
	return results.Verdict{Workload: "hello", Findings: []results.Finding{
		executionFinding(),
		{Row: results.RowPerformance, Words: words(results.Moderate, results.High), Comparisons: []results.Comparison{
			compared("throughput", base, 0.474, 0.452, 0.491, 0.1),
			won(relative(compared("CPU per request", base, 2.67, 2.61, 2.72, 0.05)), "async", true),
		}},
		{Row: results.RowScalability, Words: words(results.Lower, results.High), Comparisons: []results.Comparison{
			compared("throughput kept", top, 0.89, 0.84, 0.95, 0.5),
			won(compared("memory per connection", top, 10.2, 9.7, 10.9, 0.5), "async", true),
		}, Scaling: []results.Scaling{
			{Mode: "blocking",
				USL: &results.USL{Lambda: est(21_400, 20_100, 22_800), Sigma: est(0.49, 0.47, 0.52),
					Kappa: est(1.2e-5, 0.9e-5, 1.9e-5), R2: 0.991, Peak: 206}, Knee: 8, Held: 1000, Most: 1000},
			{Mode: "async",
				USL: &results.USL{Lambda: est(21_900, 21_000, 22_500), Sigma: est(0.23, 0.22, 0.25),
					Kappa: est(0, 0, 1e-6), R2: 0.987}, Knee: 64, Held: 1000, Most: 1000},
		}},
	}}
}

func cpuVerdict() results.Verdict {
	base, top := results.ClosedAt(64), results.ClosedAt(1000)
	return results.Verdict{Workload: "cpu", Findings: []results.Finding{
		executionFinding(),
		{Row: results.RowPerformance, Words: words(results.High, results.Moderate), Comparisons: []results.Comparison{
			won(compared("throughput", base, 1.81, 1.77, 1.86, 0.1), "blocking", true),
			won(compared("CPU per request", base, 1.09, 1.07, 1.11, 0.05), "async", false),
		}},
		{Row: results.RowScalability, Words: words(results.NoDifference, results.NoDifference),
			Comparisons: []results.Comparison{
				compared("throughput kept", top, 0.99, 0.97, 1.02, 0.5),
				compared("memory per connection", top, 1.06, 0.91, 1.21, 0.5),
			}, Scaling: []results.Scaling{{Mode: "blocking", Knee: 8, Held: 8, Most: 1000},
				{Mode: "async", Knee: 1, Held: 0, Most: 1000}}},
	}}
}

func est(value, low, high float64) stat.Estimate {
	return stat.Estimate{Value: value, Low: low, High: high, Confidence: 0.969, N: 6}
}
