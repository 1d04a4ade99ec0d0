package report_test

import (
	"slices"
	"time"

	"nodecompare/results"
)

// one is the sample with a single mode, which has nothing to be compared with.
func one() *results.Record {
	r := sample()
	r.Settings.Modes = r.Settings.Modes[1:]
	r.Trials = slices.DeleteFunc(r.Trials, func(t results.Trial) bool { return t.Mode != "async" })
	for i := range r.Verdicts {
		for j := range r.Verdicts[i].Findings {
			f := &r.Verdicts[i].Findings[j]
			f.Comparisons = nil
			f.Words = f.Words[1:]
			if f.Row != results.RowExecution {
				f.Words[0].Word = ""
			} else {
				f.Models = f.Models[1:]
			}
		}
	}
	return r
}

// three has a third mode, which does all that blocking does, and has a longer name.
func three() *results.Record {
	const name = "pool-of-threads"
	r := sample()
	r.Settings.Workloads, r.Verdicts = r.Settings.Workloads[:1], r.Verdicts[:1]
	r.Settings.Modes = append(r.Settings.Modes, results.Mode{Name: name, Summary: "a pool of threads"})
	for _, t := range r.Trials {
		if t.Mode == "blocking" {
			t.Mode = name
			r.Trials = append(r.Trials, t)
		}
	}
	for i := range r.Verdicts[0].Findings {
		f := &r.Verdicts[0].Findings[i]
		f.Words = append(f.Words, results.Word{Mode: name, Word: f.Words[0].Word})
		for _, m := range f.Models[:min(1, len(f.Models))] {
			m.Mode, m.Name, m.Threads = name, results.ThreadPool, 200
			m.Why = "the threads that ran grew to 200 and stopped there, with 980 requests in flight: " +
				"further requests wait for one"
			f.Models = append(f.Models, m)
		}
		for _, c := range f.Comparisons {
			c.A = name
			f.Comparisons = append(f.Comparisons, c)
		}
		for _, s := range f.Scaling[:min(1, len(f.Scaling))] {
			s.Mode = name
			f.Scaling = append(f.Scaling, s)
		}
	}
	return r
}

// broken is a bench in which a server died, and which was then interrupted.
func broken() *results.Record {
	r := sample()
	r.Settings.Workloads, r.Verdicts = r.Settings.Workloads[:1], r.Verdicts[:1]
	r.Trials = slices.DeleteFunc(r.Trials, func(t results.Trial) bool { return t.Workload != "hello" || t.Round > 3 })
	last := &r.Trials[4]
	last.Rungs = last.Rungs[:1]
	last.Failure = "server blocking: pid 12 exited with status 2 though nobody asked it to; " +
		"its last lines on standard error: panic: no luck; to see it by hand, run: nodecompare serve --mode=blocking"
	r.Partial = true
	return r
}

// void is a bench of which nothing is left for one mode.
func void() *results.Record {
	r := sample()
	r.Settings.Workloads, r.Verdicts = r.Settings.Workloads[:1], r.Verdicts[:1]
	for i := range r.Trials {
		for j := range r.Trials[i].Rungs {
			if r.Trials[i].Mode == "async" {
				trust := results.Weigh(results.Evidence{Elapsed: time.Second, Stolen: time.Second, Busy: time.Second})
				r.Trials[i].Rungs[j].Trust = &trust
			}
		}
	}
	for i := range r.Verdicts[0].Findings {
		f := &r.Verdicts[0].Findings[i]
		f.Words = words(results.CannotTell, results.CannotTell)
		f.Comparisons, f.Scaling = nil, nil
		if f.Row == results.RowExecution {
			f.Words[0].Word = results.Blocking
			f.Models[1] = results.Model{Mode: "async", Why: "undecided: there are no figures of its threads"}
		}
	}
	return r
}

// bare is the sample on a system that does not tell what a process uses.
func bare() *results.Record {
	r := sample()
	r.Settings.Workloads, r.Verdicts = r.Settings.Workloads[1:], r.Verdicts[1:]
	for i := range r.Trials {
		for j := range r.Trials[i].Rungs {
			r.Trials[i].Rungs[j].Process = nil
		}
	}
	f := &r.Verdicts[0].Findings[0]
	f.Words = words(results.CannotTell, results.CannotTell)
	for i := range f.Models {
		f.Models[i] = results.Model{Mode: f.Models[i].Mode,
			Why: "undecided: the system does not say which of its threads ran"}
	}
	return r
}

// nothing is a bench that was interrupted at once, in a container.
func nothing() *results.Record {
	r := void()
	r.Trials, r.Rates, r.Selftest, r.Partial = nil, nil, nil, true
	r.Host.CPUQuota, r.Host.Governor = 1.5, "powersave"
	r.Settings.Pin, r.Settings.Engine,
		r.Settings.Rounds = results.Pin{Asked: "off",
		Note: "server and generator share all CPUs: pinning is off"}, "vegeta", 3
	return r
}

// null is a bench of async against itself, of which one figure fooled the verdict.
func null() *results.Record {
	r := sample()
	r.Settings.Null = true
	r.Settings.Modes = []results.Mode{{Name: "async A", Summary: "about async"},
		{Name: "async B", Summary: "about async"}}
	for i := range r.Trials {
		r.Trials[i].Mode = map[string]string{"blocking": "async A", "async": "async B"}[r.Trials[i].Mode]
	}
	same := []results.Word{{Mode: "async A", Word: results.NoDifference}, {Mode: "async B", Word: results.NoDifference}}
	fooled := []results.Word{{Mode: "async A", Word: results.High}, {Mode: "async B", Word: results.Moderate}}
	at := func(metric string, at results.RungKey, ratio, floor float64) results.MinDetectable {
		return results.MinDetectable{Workload: "hello", Metric: metric, At: at, Rounds: 6, Ratio: ratio,
			Floor: floor, Rests: metric == "CPU per request"}
	}
	r.Verdicts = []results.Verdict{
		{Workload: "hello",
			Findings: []results.Finding{{Row: results.RowPerformance, Words: same},
				{Row: results.RowScalability, Words: same}}, Detectable: []results.MinDetectable{
				at("CPU per request", results.ClosedAt(64), 1.021, 0.05),
				at("p99", results.RungKey{Load: results.Common}, 1.34, 1),
				at("memory per connection", results.ClosedAt(1000), 1.08, 0.25),
			}},
		{Workload: "cpu",
			Findings: []results.Finding{{Row: results.RowPerformance, Words: fooled},
				{Row: results.RowScalability, Words: same}}},
	}
	return r
}

// depends is a bench at a rate that was asked for, of which the light load turns the saturated
// one's word round.
func depends() *results.Record {
	r := sample()
	r.Settings.RateRPS = 2000
	for i := range r.Trials {
		for j := range r.Trials[i].Rungs {
			if g := &r.Trials[i].Rungs[j]; g.Load == results.Common {
				g.OfferedRPS, g.Engine, g.Idle = 2000, "vegeta",
					&results.Idle{ElapsedS: 0.5, CPUS: 0.0004 + 0.0001*float64(i%3)}
			}
		}
	}
	f := &r.Verdicts[0].Findings[1]
	f.Words = words(results.DependsOnLoad, results.DependsOnLoad)
	f.Comparisons = []results.Comparison{
		compared("throughput", results.ClosedAt(64), 1.01, 0.97, 1.04, 0.05),
		rests(won(relative(compared("CPU per request", results.ClosedAt(64), 1.59, 1.4, 1.81, 0.05)), "async", true)),
		lightly(compared("answered share", results.AtCommon, 1, 1, 1, 0.01)),
		lightly(won(relative(compared("CPU per request", results.AtCommon, 0.71, 0.66, 0.77, 0.25)),
			"blocking", false)),
		lightly(compared("p50", results.AtCommon, 0.72, 0.6, 0.85, 0.25)),
		lightly(compared("p99", results.AtCommon, 1.2, 0.7, 2.3, 1)),
	}
	return r
}

// undecided is the sample with Performance decided on its first workload, open on its second, and
// not measured on a third.
func undecided() *results.Record {
	r := sample()
	unmeasured := results.Verdict{Workload: "db"}
	for _, row := range []string{results.RowExecution, results.RowPerformance, results.RowScalability} {
		unmeasured.Findings = append(unmeasured.Findings,
			results.Finding{Row: row, Words: words(results.CannotTell, results.CannotTell)})
	}
	r.Settings.Workloads = append(r.Settings.Workloads, results.Workload{Name: "db", Method: "GET", Target: "/db?id=7",
		Summary: "a row of a database", Base: 64})
	r.Verdicts = append(r.Verdicts, unmeasured)
	f := &r.Verdicts[1].Findings[1]
	f.Words = words(results.CannotTell, results.CannotTell)
	f.Comparisons = []results.Comparison{
		rests(compared("throughput", results.ClosedAt(64), 1.03, 0.92, 1.16, 0.05)),
	}
	return r
}

// chatting is a bench of a chat. With the most members a few of them were told nothing, and every
// load lost a message or two.
func chatting() *results.Record {
	r := sample()
	r.Settings.Workloads = r.Settings.Workloads[:1]
	w := &r.Settings.Workloads[0]
	hello := w.Name
	w.Name, w.Target, w.Summary = "chat", "/chat?room=lobby", "rooms of 10 members, each of whom hears all"
	w.Tells, w.RoomSize = true, 10
	r.Rates = slices.DeleteFunc(r.Rates, func(x results.Rates) bool { return x.Workload != hello })
	for i := range r.Rates {
		r.Rates[i].Workload = w.Name
	}
	r.Trials = slices.DeleteFunc(r.Trials, func(t results.Trial) bool { return t.Workload != hello })
	for i := range r.Trials {
		r.Trials[i].Workload = w.Name
		for j := range r.Trials[i].Rungs {
			g := &r.Trials[i].Rungs[j]
			d := &results.Deliveries{Expected: g.Requests + 2, Numbered: true, Missed: 2}
			if g.Connections == fourRungs[len(fourRungs)-1] {
				d.Silent = 3
			}
			g.Deliveries = d
		}
	}
	r.Verdicts = results.Judge(r)
	return r
}

// lightly is the comparison at light load.
func lightly(c results.Comparison) results.Comparison {
	c.Light = true
	return c
}
