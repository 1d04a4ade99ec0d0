package report

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
)

// A cell is the label and the figures under it, a line each.
type cell []string

// column makes the three cells of one mode: Execution, Performance, Scalability.
func column(r *results.Record, w results.Workload, v results.Verdict, mode string) []cell {
	made := make([]cell, len(v.Findings))
	for i, f := range v.Findings {
		var c cell
		if word := f.Of(mode); word != "" {
			c = append(c, word)
		}
		switch f.Row {
		case results.RowExecution:
			c = append(c, threadLines(r, w, mode)...)
		case results.RowPerformance:
			c = append(c, performanceLines(r, w, mode)...)
		case results.RowScalability:
			c = append(c, scalabilityLines(r, w, mode)...)
		}
		made[i] = c
	}
	return made
}

// threadLines show the threads at the base and at the top of the ladder.
func threadLines(r *results.Record, w results.Workload, mode string) cell {
	var c cell
	for _, connections := range slices.Compact([]int{w.Base(), w.Top()}) {
		threads, ok := r.Median(w.Name, mode, connections, results.Threads)
		inFlight, answers := r.Median(w.Name, mode, connections, results.InFlight)
		if ok && answers {
			c = append(c, fmt.Sprintf("%s threads, %s in flight", count(threads), count(inFlight)))
		}
	}
	if c == nil {
		c = cell{missing}
	}
	return c
}

func performanceLines(r *results.Record, w results.Workload, mode string) cell {
	at := func(figure func(results.Rung) (float64, bool)) (float64, bool) {
		return r.Median(w.Name, mode, w.Base(), figure)
	}
	rps, ok := at(results.Throughput)
	if !ok {
		return cell{missing}
	}
	p50, _ := at(results.P50)
	p99, _ := at(results.P99)
	load, server := doubted(r, w, mode, w.Base())
	c := cell{rate(rps) + " req/s" + load, "p50 " + micros(p50) + ", p99 " + micros(p99) + load}
	if cpu, ok := at(results.CPUPerRequest); ok {
		c = append(c, micros(cpu)+" CPU/request"+server)
	}
	return c
}

// rungsShown are the connections between which Scalability shows its arrows: the first rung, the base, the top.
func rungsShown(w results.Workload) []int {
	if len(w.Ladder) == 0 {
		return nil
	}
	return slices.Compact([]int{w.Ladder[0].Connections, w.Base(), w.Top()})
}

func scalabilityLines(r *results.Record, w results.Workload, mode string) cell {
	rungs := rungsShown(w)
	along := func(figure func(results.Rung) (float64, bool)) (values []float64, has []bool, any bool) {
		for _, n := range rungs {
			v, ok := r.Median(w.Name, mode, n, figure)
			values, has, any = append(values, v), append(has, ok), any || ok
		}
		return values, has, any
	}
	load, _ := doubted(r, w, mode, rungs...)
	var c cell
	if v, has, any := along(results.Throughput); any {
		c = append(c, arrows(v, has, rate)+" req/s"+load)
	}
	if v, has, any := along(results.P99); any {
		c = append(c, "p99 "+series(v, has, times)+load)
	}
	if v, has, any := along(results.Threads); any {
		c = append(c, arrows(v, has, count)+" threads")
	}
	if v, has, any := along(results.RSS); any {
		c = append(c, series(v, has, sizes)+" memory")
	}
	if c == nil {
		c = cell{missing}
	}
	if line := errorLine(r, w, mode); line != "" {
		c = append(c, line)
	}
	return c
}

// errorLine sums the errors over all trials and rungs: they are no part of throughput and latency, so they must be seen.
func errorLine(r *results.Record, w results.Workload, mode string) string {
	var requests, errors uint64
	kinds := map[string]uint64{}
	for _, t := range r.Trials {
		if t.Workload != w.Name || t.Mode != mode {
			continue
		}
		for _, rung := range t.Rungs {
			requests, errors = requests+rung.Requests, errors+rung.Errors
			for k, n := range rung.ErrorKinds {
				kinds[k] += n
			}
		}
	}
	if errors == 0 {
		return ""
	}
	var by []string
	for k := range kinds {
		by = append(by, k)
	}
	slices.SortFunc(by, func(a, b string) int {
		if kinds[a] != kinds[b] {
			return int(kinds[b]) - int(kinds[a])
		}
		return strings.Compare(a, b)
	})
	for i, k := range by {
		by[i] = count(float64(kinds[k])) + " " + k
	}
	return fmt.Sprintf("%s errors (%s%%): %s", count(float64(errors)), digits(100*float64(errors)/float64(requests)), strings.Join(by, ", "))
}
