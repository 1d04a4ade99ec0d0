package summary

import (
	"fmt"
	"math"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// A reading is a figure as shown in a cell.
type reading struct {
	results.Figure
	name  string // before the figure; "" if the label names it
	write func(stat.Estimate) string
}

var (
	capacity      = reading{Figure: results.Throughput, write: perSecond}
	cpuPerRequest = reading{Figure: results.CPUPerRequest,
		write: func(e stat.Estimate) string { return duration(e, "/request") }}
	databaseCPU = reading{name: "database ", Figure: results.DatabaseCPU, write: cpuPerRequest.write}
	lightCPU    = reading{name: "CPU ", Figure: results.CPUPerRequest, write: cpuPerRequest.write}
	idleCPU     = reading{name: "idle ", Figure: results.IdleCPU,
		write: func(e stat.Estimate) string { return unit.Digits(e.Value) + "% of a CPU" }}
	percentiles = []reading{
		{name: "p50 ", Figure: results.P50, write: latency},
		{name: "p99 ", Figure: results.P99, write: latency},
		{name: "p99.9 ", Figure: results.P999, write: latency},
	}
)

// line returns a reading for each mode.
func (s sheet) line(at results.RungKey, f reading) []string {
	return s.each(func(mode string) string {
		e, ok := s.r.Estimate(s.w.Name, mode, at, f.Figure)
		switch {
		case !s.r.Carries(s.w.Name, mode, at, f.Figure):
			return f.name + unit.Missing
		case !ok:
			return unit.Missing
		}
		mark, server := Doubted(s.r, s.w, mode, at)
		if f.OfServer {
			mark = server
		}
		return f.name + f.write(e) + mark
	})
}

func (s sheet) has(mode string, at results.RungKey) bool {
	return len(s.r.Values(s.w.Name, mode, at, results.Offered)) > 0
}

// spread writes the interval of a median: ±4%, its further end rounded up, or (1.9–2.8), both ends
// in the median's unit. A single value has none.
func spread(e stat.Estimate, one unit.Scale) string {
	if e.N < 2 || e.Value <= 0 {
		return ""
	}
	share := max(e.High-e.Value, e.Value-e.Low) / e.Value
	if share > widest {
		return fmt.Sprintf(" (%s–%s)", unit.Digits(e.Low/one.One), unit.Digits(e.High/one.One))
	}
	// Ceil makes a negative zero of less
	return fmt.Sprintf(" ±%.0f%%", max(0, math.Ceil(100*share-1e-9)))
}

func perSecond(e stat.Estimate) string {
	one := unit.Fitting(e.Value, unit.Rates)
	return unit.Digits(e.Value/one.One) + one.Name + " req/s" + spread(e, one)
}

func latency(e stat.Estimate) string { return duration(e, "") }

// duration writes microseconds: 24.1 µs/request ±2%.
func duration(e stat.Estimate, suffix string) string {
	one := unit.Fitting(e.Value, unit.Durations)
	return unit.Digits(e.Value/one.One) + " " + one.Name + suffix + spread(e, one)
}
