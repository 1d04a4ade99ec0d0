package report

import (
	"nodecompare/results"
	"nodecompare/results/stat"
)

// p90, p999 and longest are in microseconds.
func p90(r results.Rung) (float64, bool)     { return r.LatencyUS.P90, r.Answered() > 0 }
func p999(r results.Rung) (float64, bool)    { return r.LatencyUS.P999, r.Answered() > 0 }
func longest(r results.Rung) (float64, bool) { return r.LatencyUS.Max, r.Answered() > 0 }

// offered is the rate of an open load, in requests per second.
func offered(r results.Rung) (float64, bool) { return r.OfferedRPS, r.OfferedRPS > 0 }

// activeThreads are those that ran at all.
func activeThreads(r results.Rung) (float64, bool) {
	if r.Process == nil || r.Process.ActiveThreads == 0 {
		return 0, false
	}
	return float64(r.Process.ActiveThreads), true
}

// relativeCPU is CPU per request over the yardstick's.
func relativeCPU(r results.Rung) (float64, bool) {
	if r.Yardstick == nil || r.Yardstick.RelativeCPU <= 0 {
		return 0, false
	}
	return r.Yardstick.RelativeCPU, true
}

// A gauge is a figure of a trial as other programs watch it: its name and unit stay what they are from release to release, since
// their histories hang on them.
type gauge struct {
	slug   string // of Bencher's measure
	name   string // for people
	unit   string
	per    string // its unit in Go's benchmark format, where a unit is a figure's name as well
	higher bool   // is better
	of     func(results.Workload, results.Trial) (float64, bool)
}

var gauges = []gauge{
	{"throughput", "throughput", "requests/s", "req/s", true, at(atBase, results.Throughput)},
	{"cpu-us-per-request", "CPU per request", "µs", "cpu-us/req", false, at(atBase, results.CPUPerRequest)},
	{"relative-cpu-per-request", "CPU per request, relative to the yardstick", "times", "cpu-yardsticks/req", false, at(atBase, relativeCPU)},
	{"common-rate-p50-us", "p50 at the common rate", "µs", "common-p50-us", false, at(atCommonRate, results.P50)},
	{"common-rate-p99-us", "p99 at the common rate", "µs", "common-p99-us", false, at(atCommonRate, results.P99)},
	{"common-rate-p999-us", "p99.9 at the common rate", "µs", "common-p99.9-us", false, at(atCommonRate, p999)},
	{"own-share-p99-us", "p99 at its own share", "µs", "own-p99-us", false, at(atOwnShare, results.P99)},
	{"top-throughput", "throughput at the most connections", "requests/s", "top-req/s", true, at(atTop, results.Throughput)},
	{"top-p99-us", "p99 at the most connections", "µs", "top-p99-us", false, at(atTop, results.P99)},
	{"top-memory-bytes", "memory at the most connections", "bytes", "top-B", false, at(atTop, results.RSS)},
	{"top-threads", "threads at the most connections", "threads", "top-threads", false, at(atTop, results.Threads)},
	{"overload-goodput", "goodput in an overload", "requests/s", "overload-good-req/s", true, at(inOverload, results.Goodput)},
	{"overload-recovery-us", "time to recover from an overload", "µs", "overload-recovery-us", false, at(inOverload, recoveryMicros)},
	{"failed-percent", "failed requests", "%", "failed-%", false, failedPercent},
}

func atBase(w results.Workload) results.At     { return results.Conns(w.Base) }
func atTop(w results.Workload) results.At      { return results.Conns(w.Top()) }
func atCommonRate(results.Workload) results.At { return atCommon }
func atOwnShare(results.Workload) results.At   { return atOwn }
func inOverload(results.Workload) results.At   { return atOverload }

func at(where func(results.Workload) results.At, figure results.Figure) func(results.Workload, results.Trial) (float64, bool) {
	return func(w results.Workload, t results.Trial) (float64, bool) {
		if rung, ok := t.Rung(where(w)); ok {
			return figure(rung)
		}
		return 0, false
	}
}

// failedPercent is of all requests of the trial's rungs that something may be concluded from.
func failedPercent(_ results.Workload, t results.Trial) (float64, bool) {
	var requests, errors uint64
	for _, rung := range t.Rungs {
		if usable, ok := t.Rung(results.At{Load: rung.Load, Connections: rung.Connections}); ok {
			requests, errors = requests+usable.Requests, errors+usable.Errors
		}
	}
	if requests == 0 {
		return 0, false
	}
	return 100 * float64(errors) / float64(requests), true
}

// median is a gauge's over the rounds; ok is false when no trial has it.
func (g gauge) median(r *results.Record, w results.Workload, mode string) (e stat.Estimate, ok bool) {
	var values []float64
	for _, t := range r.Trials {
		if t.Workload == w.Name && t.Mode == mode {
			if v, ok := g.of(w, t); ok {
				values = append(values, v)
			}
		}
	}
	return stat.Median(values), len(values) > 0
}
