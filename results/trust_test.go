package results_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nodecompare/results"
)

// good is a second of load without a flaw: 64 connections, each with latencies of 990 ms in all, or
// 10,000 requests/s.
func good(open bool) results.Evidence {
	e := results.Evidence{
		Elapsed: time.Second, Duration: time.Second,
		Requests: 10_000, Errors: 100, ErrorsByKind: 100, Answers: 9_960, Unanswered: 40, Recorded: 9_900,
		LatencyUS: results.Latency{Mean: 6_400, P50: 6_000, P90: 7_000, P99: 9_000, P999: 12_000, Max: 20_000},
		Generator: results.Generator{CPU: 500 * time.Millisecond, Cores: 1},
		CPUs:      2, Busy: 1500 * time.Millisecond,
	}
	if open {
		e.Open, e.Offered, e.Sent, e.SendLagUS.P99 = true, 10_000, 10_000, 100
	} else {
		e.Connections, e.AlwaysInFlight = 64, true
	}
	return e
}

// fail has so many requests fail by their status.
func fail(e *results.Evidence, n uint64) {
	e.Errors, e.ErrorsByKind, e.Answers, e.Unanswered, e.Recorded = n, n, e.Requests, 0, e.Requests-n
}

// costs are of n slices, from one level to another, with 1% of noise.
func costs(n int, from, to float64) []float64 {
	random := rand.New(rand.NewPCG(1, 2))
	all := make([]float64, n)
	for i := range all {
		all[i] = from * math.Pow(to/from, float64(i)/float64(n-1)) * math.Exp(0.01*random.NormFloat64())
	}
	return all
}

// What slices of one server differ by seldom looks like drift, and a server that grows cheaper by a
// fifth is caught as a rule.
func TestDriftInNoise(t *testing.T) {
	t.Parallel()
	runs := tries(5000)
	for _, c := range []struct {
		slices                 int
		noise                  float64
		mostFalse, leastCaught float64 // shares
	}{{8, 0.03, 0.01, 0.9}, {12, 0.03, 0.01, 0.99}, {12, 0.05, 0.015, 0.8}, {50, 0.1, 0.015, 0.9},
		{12, 0.2, 0.015, 0}} {
		random := rand.New(rand.NewPCG(3, 4))
		fires := func(by float64) (n int) {
			for range runs {
				series := make([]float64, c.slices)
				for i := range series {
					series[i] = math.Pow(by, float64(i)/float64(c.slices-1)) * math.Exp(c.noise*random.NormFloat64())
				}
				n += len(results.Weigh(results.Evidence{Costs: series}).Rules)
			}
			return n
		}
		wrong, caught := fires(1), fires(0.8)
		t.Logf("%d slices, noise %v: of %d, %d flat ones are said to drift, and %d that grow cheaper by a fifth",
			c.slices, c.noise, runs, wrong, caught)
		// Three standard deviations of what so many show: 0.4 to 1.7% of 5,000.
		slack := func(share float64) float64 { return 3 * math.Sqrt(share*(1-share)/float64(runs)) }
		if of := float64(runs); float64(wrong)/of > c.mostFalse+slack(c.mostFalse) ||
			float64(caught)/of < c.leastCaught-slack(c.leastCaught) {
			t.Errorf("%d slices, noise %v: of %d, %d false and %d caught", c.slices, c.noise, runs, wrong, caught)
		}
	}
}

func TestGoodEvidenceIsValid(t *testing.T) {
	for _, e := range []results.Evidence{good(true), good(false), {}} {
		if trust := results.Weigh(e); trust.Status != results.Valid || trust.Reasons == nil || len(trust.Reasons) != 0 {
			t.Errorf("%+v: %+v", e, trust)
		}
	}
}

// Each rule, with evidence that just makes it fire and evidence that just does not.
func TestRules(t *testing.T) {
	const valid, suspect, void = results.Valid, results.Suspect, results.Void
	type change = func(*results.Evidence)
	for _, c := range []struct {
		rule, name string
		open       bool
		change     change
		want       string
		says       string
	}{
		{"sent", "98.99%", true, func(e *results.Evidence) { e.Sent = 9_899 }, suspect,
			"98.99% of the requests that were due were sent (9899 of 10000)"},
		{"sent", "99%", true, func(e *results.Evidence) { e.Sent = 9_900 }, valid, ""},
		{"sent", "89.99%", true, func(e *results.Evidence) { e.Sent = 8_999 }, void, "89.99% of the requests"},
		{"sent", "90%", true, func(e *results.Evidence) { e.Sent = 9_000 }, suspect, ""},

		{"send lag", "above a tenth", true, func(e *results.Evidence) { e.SendLagUS.P99 = 901 }, suspect,
			"sent 901µs late or more, against a p99 latency of 9ms"},
		{"send lag", "a tenth", true, func(e *results.Evidence) { e.SendLagUS.P99 = 900 }, valid, ""},
		{"send lag", "above the floor", true, func(e *results.Evidence) {
			e.SendLagUS.P99 = 201
			scale(e, 0.1)
		}, suspect, ""},
		{"send lag", "above a tenth, at the floor", true,
			func(e *results.Evidence) { e.SendLagUS.P99 = 200; scale(e, 0.1) }, valid, ""},
		{"send lag", "a stall", true, func(e *results.Evidence) { e.SendLagUS.P99 = 9_000 }, suspect, ""},
		{"send lag", "that a stall hides", true, func(e *results.Evidence) {
			e.SendLagUS.P50, e.LatencyUS.P99, e.LatencyUS.P999, e.LatencyUS.Max = 700, 600e3, 670e3, 680e3
		}, suspect, "every other request was sent 700µs late"},

		{"send lag", "that a stall hides from p99, and that half did not have", true, func(e *results.Evidence) {
			e.SendLagUS.P90, e.SendLagUS.P99, e.LatencyUS.P99, e.LatencyUS.P999, e.LatencyUS.Max = 701,
				17_700, 600e3, 670e3, 680e3
		}, suspect, "one request in ten was sent 701µs late or more, against a p90 latency of 7ms"},
		{"send lag", "a tenth of each", true, func(e *results.Evidence) {
			e.SendLagUS = results.Lag{P50: 600, P90: 700, P99: 900}
		}, valid, ""},

		{"generator CPU", "one core", false, func(e *results.Evidence) {
			e.Generator.CPU = 901 * time.Millisecond
		}, suspect, "90.1% of its 1 core:"},
		{"generator CPU", "at the limit", false, func(e *results.Evidence) {
			e.Generator.CPU = 900 * time.Millisecond
		}, valid, ""},
		{"generator CPU", "two cores", true, func(e *results.Evidence) {
			e.Generator = results.Generator{CPU: 1900 * time.Millisecond, Cores: 2}
		}, suspect, "95.0% of its 2 cores"},
		{"generator CPU", "two cores, half used", true,
			func(e *results.Evidence) { e.Generator = results.Generator{CPU: time.Second, Cores: 2} }, valid, ""},
		{"generator CPU", "not known", true, func(e *results.Evidence) {
			e.Generator = results.Generator{}
		}, valid, ""},

		{"generator waited", "long, and often", false, func(e *results.Evidence) {
			e.Generator.Waited, e.Generator.EachWait = 11*time.Millisecond, 601*time.Microsecond
		}, suspect, "waited for a CPU for 1.1% of the run, 601µs each time on average, against a p50 latency of 6ms"},
		{"generator waited", "not often enough", false, func(e *results.Evidence) {
			e.Generator.Waited, e.Generator.EachWait = 10*time.Millisecond, 601*time.Microsecond
		}, valid, ""},
		{"generator waited", "not long enough", true, func(e *results.Evidence) {
			e.Generator.Waited, e.Generator.EachWait = 100*time.Millisecond, 600*time.Microsecond
		}, valid, ""},
		{"generator waited", "in many short waits some long ones", true, func(e *results.Evidence) {
			e.Generator.Waited, e.Generator.EachWait = 101*time.Millisecond, 20*time.Microsecond
		}, suspect, "for 10.1% of the run, 20µs each time on average"},
		{"generator waited", "behind a slice, where requests take ten of them", true, func(e *results.Evidence) {
			e.Generator.Waited, e.Generator.EachWait = 900*time.Millisecond, time.Millisecond
			scale(e, 5)
		}, valid, ""},

		// 9,900 answers on 64 connections are 154.7 on each: at 6,156 µs a mean 952 ms, at 6,788 µs
		// 1,050 ms.
		{"Little's law", "too little", false, func(e *results.Evidence) { e.LatencyUS.Mean = 6_150 },
			suspect, "one of 64 connections add up to 951.328ms on average, though it was to send for 1s"},
		{"Little's law", "almost too little", false, func(e *results.Evidence) { e.LatencyUS.Mean = 6_160 }, valid, ""},
		{"Little's law", "too little but for the start", false,
			func(e *results.Evidence) { e.LatencyUS.Mean, e.Starting = 6_150, 10*time.Millisecond }, valid, ""},
		{"Little's law", "too little in spite of the start", false,
			func(e *results.Evidence) { e.LatencyUS.Mean, e.Starting = 5_800, 50*time.Millisecond },
			suspect, "to send for 950ms"},
		{"Little's law", "too much", false, func(e *results.Evidence) { e.LatencyUS.Mean = 6_790 }, void,
			"one of 64 connections add up to 1.050328s on average, in a run of 1s"},
		{"Little's law", "almost too much", false, func(e *results.Evidence) { e.LatencyUS.Mean = 6_780 }, valid, ""},
		{"Little's law", "much, in a longer run", false,
			func(e *results.Evidence) { e.LatencyUS.Mean, e.Elapsed = 6_790, 1010*time.Millisecond }, valid, ""},
		{"Little's law", "too little, vegeta", false,
			func(e *results.Evidence) { e.LatencyUS.Mean, e.AlwaysInFlight = 100, false }, valid, ""},
		{"Little's law", "too much, vegeta", false,
			func(e *results.Evidence) { e.LatencyUS.Mean, e.AlwaysInFlight = 6_790, false }, void, ""},
		{"Little's law", "cut short", false, func(e *results.Evidence) {
			e.LatencyUS.Mean, e.Duration = 100, 0
		}, valid, ""},
		{"Little's law", "open load", true, func(e *results.Evidence) { e.LatencyUS.Mean = 19_000 }, valid, ""},
		{"Little's law", "the end of a short run", false, func(e *results.Evidence) {
			// 1,000 connections with answers of 30 ms for 300 ms, and a few that wait half as long
			// again for the last ones.
			e.Connections, e.Duration, e.Elapsed, e.Generator.CPU = 1000, 300*time.Millisecond,
				450*time.Millisecond, 200*time.Millisecond
			e.LatencyUS = results.Latency{Mean: 31e3, P50: 30e3, P90: 30e3, P99: 30e3, P999: 170e3, Max: 180e3}
		}, valid, ""},

		{"percentiles", "p90 below p50", false, func(e *results.Evidence) { e.LatencyUS.P90 = 5_999 }, void,
			"out of order"},
		{"percentiles", "p90 as p50", false, func(e *results.Evidence) { e.LatencyUS.P90 = 6_000 }, valid, ""},
		{"percentiles", "p99 below p90", true, func(e *results.Evidence) { e.LatencyUS.P90 = 9_001 }, void, ""},
		{"percentiles", "p99.9 below p99", true, func(e *results.Evidence) { e.LatencyUS.P999 = 8_999 }, void, ""},
		{"percentiles", "max below p99.9", true, func(e *results.Evidence) { e.LatencyUS.Max = 11_999 }, void, ""},
		{"percentiles", "mean above max", true, func(e *results.Evidence) { e.LatencyUS.Mean = 20_021 }, void, ""},
		{"percentiles", "mean as max", true, func(e *results.Evidence) { e.LatencyUS.Mean = 20_019 }, valid, ""},
		{"percentiles", "negative", true, func(e *results.Evidence) { e.LatencyUS.P50 = -1 }, void, ""},
		{"percentiles", "not a number", true, func(e *results.Evidence) { e.LatencyUS.P99 = math.NaN() }, void, ""},
		{"percentiles", "mean not a number", true,
			func(e *results.Evidence) { e.LatencyUS.Mean = math.NaN() }, void, ""},
		{"percentiles", "infinite", true, func(e *results.Evidence) { e.LatencyUS.Max = math.Inf(1) }, void, ""},

		{"answers", "none", true, func(e *results.Evidence) {
			e.Errors, e.ErrorsByKind, e.Recorded, e.LatencyUS = e.Requests, e.Requests, 0, results.Latency{}
		}, void, "none of 10000 requests was answered as it should be"},
		{"errors", "all but one", true, func(e *results.Evidence) {
			e.Errors, e.ErrorsByKind, e.Recorded = 9_999, 9_999, 1
		}, suspect, ""},

		{"counts", "a response too many", false, func(e *results.Evidence) { e.Answers++ }, void, "9961 responses"},
		{"counts", "a response as an error", false,
			func(e *results.Evidence) { e.Answers++; e.Unanswered-- }, valid, ""},
		{"counts", "an error of no kind", true, func(e *results.Evidence) { e.ErrorsByKind-- }, void, "99 by kind"},
		{"counts", "a latency lost", true, func(e *results.Evidence) { e.Recorded-- }, void, "9899 latencies"},
		{"counts", "more errors than requests", true,
			func(e *results.Evidence) { e.Errors, e.ErrorsByKind = 10_001, 10_001 }, void, ""},

		{"errors", "10%", true, func(e *results.Evidence) { fail(e, 1_000) }, valid, ""},
		{"errors", "above 10%", true, func(e *results.Evidence) { fail(e, 1_001) }, suspect,
			"10.0% of the requests failed"},
		{"errors", "99%", false, func(e *results.Evidence) { fail(e, 9_900); e.AlwaysInFlight = false },
			suspect, "99.0% of the requests failed"},
		{"errors", "in an overload", true, func(e *results.Evidence) {
			fail(e, 5_000)
			e.ClientsWaited = true
		}, valid, ""},

		{"errors", "before an overload", true, func(e *results.Evidence) {
			fail(e, 5_000)
			e.ClientsWaited, e.FailedBefore = true, 0.11
		}, suspect, "11.0% of the requests failed"},

		{"steal", "above 1%", false, func(e *results.Evidence) { steal(e, 101, 9_899) }, suspect,
			"withheld 1.01% of the CPU time"},
		{"steal", "1%", false, func(e *results.Evidence) { steal(e, 100, 9_900) }, valid, ""},
		{"steal", "above 10%", false, func(e *results.Evidence) { steal(e, 1_001, 8_999) }, void, "10.01%"},
		{"steal", "10%", false, func(e *results.Evidence) { steal(e, 1_000, 9_000) }, suspect, ""},
		{"steal", "two ticks for each CPU", false, func(e *results.Evidence) { steal(e, 40, 0) }, valid, ""},
		{"steal", "more than that", false, func(e *results.Evidence) { steal(e, 50, 0) }, void, ""},

		{"other processes", "above 10%", true, func(e *results.Evidence) {
			e.Others, e.All = 101*time.Millisecond, time.Second
		}, suspect, "other processes used 10% of the CPU time"},
		{"other processes", "10%", true, func(e *results.Evidence) {
			e.Others, e.All = 100*time.Millisecond, time.Second
		}, valid, ""},
		{"other processes", "two ticks for each CPU", true,
			func(e *results.Evidence) { e.Others, e.All = 40*time.Millisecond, 100*time.Millisecond }, valid, ""},
		{"other processes", "more than that", true,
			func(e *results.Evidence) { e.Others, e.All = 41*time.Millisecond, 100*time.Millisecond }, suspect, "41%"},

		{"throttling", "once", true, func(e *results.Evidence) { e.Throttles = 1 }, suspect,
			"stopped it 1 time, for 0.0%"},
		{"throttling", "10%", true, func(e *results.Evidence) {
			e.Throttles, e.Throttled = 9, 200*time.Millisecond
		}, suspect, "stopped it 9 times, for 10.0%"},
		{"throttling", "above 10%", true, func(e *results.Evidence) {
			e.Throttles, e.Throttled = 9, 201*time.Millisecond
		}, void, ""},
		{"throttling", "never", true, func(e *results.Evidence) {}, valid, ""},

		{"steady state", "capped", true, func(e *results.Evidence) { e.Unsteady = true }, suspect, "no steady state"},

		{"arithmetic", "CPU", false, func(e *results.Evidence) {
			e.ServerCPU, e.ServerCores = 2200*time.Millisecond, 2
		}, void, "used 2.2s of CPU time where there was 2s"},
		{"arithmetic", "CPU until a request that failed late", false, func(e *results.Evidence) {
			e.ServerCPU, e.ServerCores, e.Ended = 2200*time.Millisecond, 2, 1100*time.Millisecond
		}, valid, ""},
		{"arithmetic", "all CPU", false, func(e *results.Evidence) {
			e.ServerCPU, e.ServerCores = 2100*time.Millisecond, 2
		}, valid, ""},
		{"arithmetic", "kept", false, func(e *results.Evidence) { e.Kept, e.MostKept = 2.16, 1.953 }, void,
			"grew 2.16-fold"},
		{"arithmetic", "kept within noise", false,
			func(e *results.Evidence) { e.Kept, e.MostKept = 2.14, 1.953 }, valid, ""},
		{"arithmetic", "kept, of a route that does not wait", false,
			func(e *results.Evidence) { e.Kept = 3 }, valid, ""},

		{"drift", "a fifth cheaper at the end", false,
			func(e *results.Evidence) { e.Costs = costs(12, 1, 0.8) }, suspect, " times what it was within the run"},
		{"drift", "in a short rung", false, func(e *results.Evidence) { e.Costs = costs(8, 1, 0.8) }, suspect, ""},
		{"drift", "dearer", false, func(e *results.Evidence) { e.Costs = costs(12, 1, 1.2) }, suspect, ""},
		{"drift", "by a twentieth", false, func(e *results.Evidence) { e.Costs = costs(12, 1, 0.95) }, valid, ""},
		{"drift", "one slice that is off", false, func(e *results.Evidence) {
			e.Costs = costs(12, 1, 1)
			e.Costs[11] = 2
		}, valid, ""},
		{"drift", "after the ladder", false, func(e *results.Evidence) {
			e.Costs, e.CostsAfter = costs(12, 1, 1), costs(4, 0.8, 0.8)
		}, suspect, " times as much after the ladder"},
		{"drift", "hardly, after the ladder", false,
			func(e *results.Evidence) { e.Costs, e.CostsAfter = costs(12, 1, 1), costs(4, 0.95, 0.95) }, valid, ""},
		{"drift", "one slice", false, func(e *results.Evidence) {
			e.Costs, e.CostsAfter = []float64{1}, []float64{2}
		}, valid, ""},
	} {
		t.Run(c.rule+"/"+c.name, func(t *testing.T) {
			e := good(c.open)
			c.change(&e)
			got := results.Weigh(e)
			if got.Status != c.want || len(got.Reasons) != min(1, len(strings.TrimPrefix(c.want, valid))) {
				t.Fatalf("%+v, want %s by this rule alone", got, c.want)
			}
			if c.want != valid && !slices.Equal(got.Rules, []string{c.rule}) {
				t.Errorf("it is given by %q", got.Rules)
			}
			if c.want != valid && !strings.Contains(got.Reasons[0], c.says) {
				t.Errorf("it says %q, want %q", got.Reasons[0], c.says)
			}
		})
	}
}

func scale(e *results.Evidence, by float64) {
	l := &e.LatencyUS
	for _, v := range []*float64{&l.Mean, &l.P50, &l.P90, &l.P99, &l.P999, &l.Max} {
		*v *= by
	}
}

func steal(e *results.Evidence, stolen, busy time.Duration) {
	e.Stolen, e.Busy = stolen*time.Millisecond, busy*time.Millisecond
}

// onEach is what the latencies of a connection add up to.
func onEach(e *results.Evidence) time.Duration {
	return time.Duration(float64(e.Recorded) * e.LatencyUS.Mean * 1e3 / float64(max(1, e.Connections)))
}

var severity = map[string]int{results.Valid: 0, results.Suspect: 1, results.Void: 2}

// Whatever is known already, one more sign of trouble never raises the trust, and takes no reason
// away but to replace it.
func TestTroubleNeverRaisesTrust(t *testing.T) {
	type worsening struct {
		name  string
		apply func(*rapid.T, *results.Evidence)
	}
	more := func(t *rapid.T, n int) uint64 { return uint64(rapid.IntRange(1, n).Draw(t, "more")) }
	longer := func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(1, 2000).Draw(t, "more")) * time.Millisecond
	}
	worsenings := []worsening{
		{"fewer sent", func(t *rapid.T, e *results.Evidence) { e.Sent -= min(e.Sent, more(t, 3000)) }},
		{"more lag", func(t *rapid.T, e *results.Evidence) { e.SendLagUS.P99 += float64(more(t, 3000)) }},
		{"more CPU", func(t *rapid.T, e *results.Evidence) { e.Generator.CPU += longer(t) }},
		{"a longer wait for a CPU", func(t *rapid.T, e *results.Evidence) {
			e.Generator.Waited += longer(t)
			e.Generator.EachWait += longer(t)
		}},
		{"more connections that nothing is in flight on", func(t *rapid.T, e *results.Evidence) {
			if !e.Open && onEach(e) <= e.Elapsed {
				e.Connections += int(more(t, 100))
			}
		}},
		{"a percentile beyond the max", func(t *rapid.T, e *results.Evidence) {
			e.LatencyUS.P999 += e.LatencyUS.Max + 1 // on which no other rule rests
		}},
		{"longer on connections than there was time", func(t *rapid.T, e *results.Evidence) {
			if onEach(e) >= e.Elapsed {
				e.LatencyUS.Mean *= rapid.Float64Range(1, 2).Draw(t, "times")
			}
		}},
		{"a count off", func(t *rapid.T, e *results.Evidence) {
			if e.Answers+e.Unanswered >= e.Requests {
				e.Answers += more(t, 100)
			}
		}},
		{"arithmetic", func(t *rapid.T, e *results.Evidence) { e.Kept, e.MostKept = 3, 2 }},
		{"drift", func(t *rapid.T, e *results.Evidence) { e.Costs = costs(8, 1, 0.5) }},
		{"unsteady", func(t *rapid.T, e *results.Evidence) { e.Unsteady = true }},
		{"longer to send", func(t *rapid.T, e *results.Evidence) { e.Duration += longer(t) }},
		{"more stolen", func(t *rapid.T, e *results.Evidence) { e.Stolen += longer(t) }},
		{"more throttles", func(t *rapid.T, e *results.Evidence) { e.Throttles += more(t, 10) }},
		{"throttled for longer", func(t *rapid.T, e *results.Evidence) { e.Throttled += longer(t) }},
	}
	rapid.Check(t, func(t *rapid.T) {
		e := good(rapid.Bool().Draw(t, "open"))
		e.AlwaysInFlight = e.AlwaysInFlight && rapid.Bool().Draw(t, "loop engine")
		for range rapid.IntRange(1, 6).Draw(t, "signs") {
			w := rapid.SampledFrom(worsenings).Draw(t, "sign")
			before := results.Weigh(e)
			w.apply(t, &e)
			after := results.Weigh(e)
			if severity[after.Status] < severity[before.Status] || len(after.Reasons) < len(before.Reasons) {
				t.Fatalf("%s: from %+v to %+v", w.name, before, after)
			}
			if (after.Status == results.Valid) != (len(after.Reasons) == 0) {
				t.Fatalf("%+v", after)
			}
		}
	})
}

func TestTrialIsAsGoodAsItsWorstRung(t *testing.T) {
	rung := func(connections int, status string, reasons ...string) results.Rung {
		return results.Rung{Connections: connections, Trust: &results.Trust{Status: status, Reasons: reasons}}
	}
	for _, c := range []struct {
		name  string
		trial results.Trial
		want  results.Trust
	}{
		{"nothing known", results.Trial{Rungs: []results.Rung{{Connections: 1}}}, results.Trust{Status: results.Valid}},
		{"good", results.Trial{Rungs: []results.Rung{rung(1, results.Valid), {Connections: 8}}},
			results.Trust{Status: results.Valid}},
		{
			"each", results.Trial{Rungs: []results.Rung{rung(1, results.Suspect, "a"),
				rung(64, results.Void, "b", "c"), rung(8, results.Valid)}},
			results.Trust{Status: results.Void,
				Reasons: []string{"at 1 connection: a", "at 64 connections: b", "at 64 connections: c"}},
		},
		{
			"failed", results.Trial{Failure: "it died", Rungs: []results.Rung{rung(1, results.Suspect, "a")}},
			results.Trust{Status: results.Void, Reasons: []string{"the trial failed: it died", "at 1 connection: a"}},
		},
		{"interrupted", results.Trial{Interrupted: true},
			results.Trust{Status: results.Void, Reasons: []string{"the trial was interrupted"}}},
	} {
		if got := c.trial.Weigh(); got.Status != c.want.Status || got.Reasons == nil ||
			!slices.Equal(got.Reasons, c.want.Reasons) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// What is VOID is in no figure: rungs by themselves, and all of a trial that failed. One that was
// interrupted has fewer.
func TestVoidIsInNoFigure(t *testing.T) {
	fast := with(func(m *measurement) { m.cpu64 /= 2 })
	void := &results.Trust{Status: results.Void, Reasons: []string{"stolen from"}, Rules: []string{"steal"}}
	const rounds = 7
	for _, c := range []struct {
		name              string
		change            func(*results.Trial) // b's trial of the third round
		base, common, top int                  // rounds that are left of each rung
	}{
		{"good", func(*results.Trial) {}, 7, 7, 7},
		{"suspect", func(t *results.Trial) { t.Rungs[0].Trust = &results.Trust{Status: results.Suspect} }, 7, 7, 7},
		{"a void rung", func(t *results.Trial) { t.Rungs[2].Trust = void }, 7, 7, 6},
		{"made again", func(t *results.Trial) { t.Rungs[2].Voided = void }, 7, 7, 7},
		{"failed", func(t *results.Trial) { t.Failure = "it died" }, 6, 6, 6},
		{"interrupted", func(t *results.Trial) { t.Interrupted, t.Rungs = true, t.Rungs[:1] }, 7, 6, 6},
	} {
		r := recordOf(slices.Repeat([]measurement{even}, rounds), slices.Repeat([]measurement{fast}, rounds))
		c.change(&r.Trials[rounds+2])
		for _, f := range results.Judge(r)[0].Findings[1:] {
			for _, comparison := range f.Comparisons {
				want := map[results.RungKey]int{results.ClosedAt(64): c.base, {Load: results.Common}: c.common,
					results.ClosedAt(1000): c.top}[comparison.At]
				if comparison.Rounds != want {
					t.Errorf("%s: %s is of %d rounds, want %d", c.name, comparison.Metric, comparison.Rounds, want)
				}
			}
		}
		if got := words(r, results.RowPerformance); got != "Moderate, High" {
			t.Errorf("%s: Performance is %s", c.name, got)
		}
	}

	r := recordOf(often(even), often(fast))
	for _, trial := range r.Trials[6:] {
		for j := range trial.Rungs {
			trial.Rungs[j].Trust = void
		}
	}
	for row, want := range map[string]string{
		results.RowExecution:   "Non-blocking, Cannot tell",
		results.RowPerformance: "Cannot tell, Cannot tell", results.RowScalability: "Cannot tell, Cannot tell",
	} {
		if got := words(r, row); got != want {
			t.Errorf("all of one mode is VOID: %s is %s, want %s", row, got, want)
		}
	}
}
