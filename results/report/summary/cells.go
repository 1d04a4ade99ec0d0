package summary

import (
	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// A reading is a figure as a cell shows it.
type reading struct {
	results.Figure
	name  string // before the figure; "" where the label says it
	write func(stat.Estimate) string
}

var (
	capacity      = reading{Figure: results.Throughput, write: perSecond}
	cpuPerRequest = reading{Figure: results.CPUPerRequest, write: func(e stat.Estimate) string { return duration(e, "/request") }}
	percentiles   = []reading{
		{name: "p50 ", Figure: results.P50, write: latency},
		{name: "p99 ", Figure: results.P99, write: latency},
		{name: "p99.9 ", Figure: results.P999, write: latency},
	}
)

// line is a reading of each mode.
func (s sheet) line(at results.At, f reading) []string {
	return s.each(func(mode string) string {
		e, ok := s.r.Estimate(s.w.Name, mode, at, f.Figure)
		if !ok {
			return unit.Missing
		}
		mark, server := Doubted(s.r, s.w, mode, at)
		if f.OfServer {
			mark = server
		}
		return f.name + f.write(e) + mark
	})
}

func (s sheet) has(mode string, at results.At) bool {
	return len(s.r.Values(s.w.Name, mode, at, results.Offered)) > 0
}
