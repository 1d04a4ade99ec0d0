package report

import (
	"fmt"
	"io"

	"nodecompare/results"
	"nodecompare/results/report/summary"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// Formats of services that draw a history of benchmarks. Each figure keeps its unit, because such a
// service compares bare numbers.

// writeBigger and writeSmaller are the two custom tools of github-action-benchmark,
// customBiggerIsBetter and customSmallerIsBetter: a list of name, unit, value, range and extra (its
// README, "Tool specific setup"). The service takes one direction for a whole file, so a record
// makes two.
func writeBigger(out io.Writer, r *results.Record) error {
	return results.Encode(out, watched(r, true))
}

func writeSmaller(out io.Writer, r *results.Record) error {
	return results.Encode(out, watched(r, false))
}

type watchedFigure struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
	Range string  `json:"range,omitempty"`
	Extra string  `json:"extra"`
}

func watched(r *results.Record, higher bool) []watchedFigure {
	all := []watchedFigure{} // null would not be a list
	for _, w := range r.Settings.Workloads {
		for _, m := range r.Settings.Modes {
			for _, g := range exports {
				e, ok := g.median(r, w, m.Name)
				if !ok || g.LessIsBetter == higher {
					continue
				}
				f := watchedFigure{Name: w.Name + " / " + m.Name + " / " + g.Name + g.where, Unit: g.unit(),
					Value: unit.Short(e.Value), Extra: "median of " + unit.Counted(e.N, "round")}
				if e.N > 1 {
					f.Range = "± " + unit.Number(unit.Short(max(e.High-e.Value, e.Value-e.Low)))
					f.Extra += fmt.Sprintf("\n%s interval %s to %s", summary.Confidence(e.Confidence),
						unit.Number(unit.Short(e.Low)), unit.Number(unit.Short(e.High)))
				}
				if mark, server := summary.Doubted(r, w, m.Name, everyLoad(w)...); mark+server != "" {
					f.Extra += "\nSUSPECT: see the table"
				}
				all = append(all, f)
			}
		}
	}
	return all
}

func everyLoad(w results.Workload) []results.RungKey {
	return append(results.ClosedAtAll(w.Connections()), results.AtCommon, results.AtOwn, results.AtAlone,
		results.AtAmid, results.AtOverload)
}

// bencherMetric is a value in Bencher's metric format, with the ends of its interval.
type bencherMetric struct {
	Value float64  `json:"value"`
	Lower *float64 `json:"lower_value,omitempty"`
	Upper *float64 `json:"upper_value,omitempty"`
}

// writeBencher writes Bencher's metric format
// (https://bencher.dev/docs/reference/bencher-metric-format): an object of benchmarks, each an
// object of measures. Throughput is the measure that every project there has, in operations per
// second; the service creates the others on first sight.
func writeBencher(out io.Writer, r *results.Record) error {
	all := map[string]map[string]bencherMetric{}
	for _, w := range r.Settings.Workloads {
		for _, m := range r.Settings.Modes {
			measures := map[string]bencherMetric{}
			for _, g := range exports {
				if e, ok := g.median(r, w, m.Name); ok {
					measures[g.slug] = bencherOf(e)
				}
			}
			if len(measures) > 0 {
				all[w.Name+"/"+m.Name] = measures
			}
		}
	}
	return results.Encode(out, all)
}

func bencherOf(e stat.Estimate) bencherMetric {
	m := bencherMetric{Value: unit.Short(e.Value)}
	if e.N > 1 {
		low, high := unit.Short(e.Low), unit.Short(e.High)
		m.Lower, m.Upper = &low, &high
	}
	return m
}
