package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"nodecompare/results"
	"nodecompare/results/report/summary"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

var mapCSVHead = []string{
	"a", "b", "connections", "wait_ms", "cpu_us", "outcome", "winner",
	"throughput_better", "throughput_same", "throughput_rounds", "throughput_a_over_b", "throughput_low", "throughput_high",
	"cpu_better", "cpu_same", "cpu_rounds", "cpu_a_over_b", "cpu_low", "cpu_high",
	"a_throughput_rps", "b_throughput_rps", "a_cpu_us_per_request", "b_cpu_us_per_request", "generator_limited",
}

// writeMapCSV writes a row for each two modes and cell (RFC 4180: commas, CRLF). Figures that there are not are empty.
func writeMapCSV(out io.Writer, m *results.Map) error {
	w := csv.NewWriter(out)
	w.UseCRLF = true
	rows := [][]string{mapCSVHead}
	for _, p := range m.Pairs {
		for _, c := range p.Cells {
			row := []string{p.A, p.B, strconv.Itoa(c.Connections), strconv.Itoa(c.WaitMS), strconv.Itoa(c.CPUUS), c.Outcome, c.Winner}
			for _, d := range []results.MapComparison{c.Throughput, c.CPU} {
				row = append(row, d.Better, strconv.FormatBool(d.Same), strconv.Itoa(d.Rounds))
				for _, v := range []float64{d.Ratio, d.Low, d.High} {
					row = append(row, mapNumber(v, d.Rounds))
				}
			}
			for _, e := range []stat.Estimate{c.OfA.ThroughputRPS, c.OfB.ThroughputRPS, c.OfA.CPUUS, c.OfB.CPUUS} {
				row = append(row, mapNumber(e.Value, e.N))
			}
			rows = append(rows, append(row, strconv.FormatBool(summary.MapDoubted(c))))
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return fmt.Errorf("write the map as CSV: %w", err)
	}
	return nil
}

// mapNumber is "" where a figure rests on nothing.
func mapNumber(v float64, rounds int) string {
	if rounds == 0 {
		return ""
	}
	return unit.Number(v)
}
