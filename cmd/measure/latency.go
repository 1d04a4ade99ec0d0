package measure

import (
	"github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/results"
)

// Latency reads a histogram of nanoseconds as the record's figures in microseconds; all 0 when it is empty.
func Latency(h *hdrhistogram.Histogram) results.Latency {
	return results.Latency{
		Mean: h.Mean() / nanosPerMicro,
		P50:  micros(h.ValueAtQuantile(50)), P90: micros(h.ValueAtQuantile(90)), P99: micros(h.ValueAtQuantile(99)),
		P999: micros(h.ValueAtQuantile(99.9)), Max: micros(h.Max()),
	}
}

const nanosPerMicro = 1e3

func micros(nanos int64) float64 { return float64(nanos) / nanosPerMicro }
