package report

import (
	"nodecompare/results"
	"nodecompare/results/stat"
)

// exported is a figure of a trial for other programs. Its names and unit never change, because the
// programs' histories depend on them.
type exported struct {
	results.Figure
	at     results.Place
	where  string // after the figure's name, for people
	slug   string // of Bencher's measure
	per    string // per is the unit in Go's benchmark format, where the unit also names the figure.
	across func(results.Trial) (float64, bool)
}

var exports = []exported{
	{results.Throughput, results.Base, "", "throughput", "req/s", nil},
	{results.CPUPerRequest, results.Base, "", "cpu-us-per-request", "cpu-us/req", nil},
	{results.RelativeCPU, results.Base, "", "relative-cpu-per-request", "cpu-yardsticks/req", nil},
	{results.CPUPerRequest, results.AtCommon.Always, " at the common rate",
		"common-rate-cpu-us-per-request", "common-cpu-us/req", nil},
	{results.P50, results.AtCommon.Always, " at the common rate", "common-rate-p50-us", "common-p50-us", nil},
	{results.P99, results.AtCommon.Always, " at the common rate", "common-rate-p99-us", "common-p99-us", nil},
	{results.P999, results.AtCommon.Always, " at the common rate", "common-rate-p999-us", "common-p99.9-us", nil},
	{results.P99, results.AtOwn.Always, " at its own share", "own-share-p99-us", "own-p99-us", nil},
	{results.Throughput, results.Top, " at the most connections", "top-throughput", "top-req/s", nil},
	{results.P99, results.Top, " at the most connections", "top-p99-us", "top-p99-us", nil},
	{results.Memory, results.Top, " at the most connections", "top-memory-bytes", "top-B", nil},
	{results.Threads, results.Top, " at the most connections", "top-threads", "top-threads", nil},
	{results.Goodput, results.AtOverload.Always, " in an overload", "overload-goodput", "overload-good-req/s", nil},
	{results.Recovery, results.AtOverload.Always, " from an overload", "overload-recovery-us",
		"overload-recovery-us", nil},
	{results.FailedPercent, nil, "", "failed-percent", "failed-%", failedPercent},
}

func (e exported) read(w results.Workload, t results.Trial) (float64, bool) {
	if e.across != nil {
		return e.across(t)
	}
	return t.Read(e.at(w), e.Figure)
}

// unit returns the unit as people write it.
func (e exported) unit() string {
	if e.Unit == "us" {
		return "µs"
	}
	return e.Unit
}

// failedPercent returns the share of failed requests in all rungs of the trial that are not VOID.
func failedPercent(t results.Trial) (float64, bool) {
	var requests, failed uint64
	for _, rung := range t.Rungs {
		if usable, ok := t.Rung(results.RungKey{Load: rung.Load, Connections: rung.Connections}); ok {
			requests, failed = requests+usable.Requests, failed+usable.Errors
		}
	}
	if requests == 0 {
		return 0, false
	}
	return 100 * float64(failed) / float64(requests), true
}

// median returns the median over the rounds. ok is false if no trial has the figure.
func (e exported) median(r *results.Record, w results.Workload, mode string) (m stat.Estimate, ok bool) {
	var values []float64
	for _, t := range r.Trials {
		if t.Workload == w.Name && t.Mode == mode {
			if v, ok := e.read(w, t); ok {
				values = append(values, v)
			}
		}
	}
	return stat.Median(values), len(values) > 0
}
