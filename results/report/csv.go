package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// A csvColumn is one of each load of a trial. Its name ends with the unit; counts have none.
type csvColumn struct {
	name string
	of   results.Figure
}

// csvOpen are those of an open load alone.
var csvOpen = []csvColumn{
	{"offered_rps", offered},
	{"unsent", func(r results.Rung) (float64, bool) { return float64(r.Unsent), true }},
	{"send_lag_p99_us", func(r results.Rung) (float64, bool) {
		if r.SendLagUS == nil {
			return 0, false
		}
		return r.SendLagUS.P99, true
	}},
}

// csvOverload are those of an overload, of the requests that were due in its surge.
var csvOverload = []csvColumn{
	{"due", tollOf(func(t results.Toll) uint64 { return t.Due })},
	{"in_time", tollOf(func(t results.Toll) uint64 { return t.InTime })},
	{"late", tollOf(func(t results.Toll) uint64 { return t.Late })},
	{"refused", tollOf(func(t results.Toll) uint64 { return t.Refused })},
	{"timed_out", tollOf(func(t results.Toll) uint64 { return t.TimedOut })},
	{"not_sent", tollOf(func(t results.Toll) uint64 { return t.Unsent })},
	{"goodput_rps", results.Goodput},
	{"recovery_us", recoveryMicros},
}

func tollOf(count func(results.Toll) uint64) results.Figure {
	return func(r results.Rung) (float64, bool) {
		if r.Toll == nil {
			return 0, false
		}
		return float64(count(*r.Toll)), true
	}
}

var csvColumns = []csvColumn{
	{"requests", func(r results.Rung) (float64, bool) { return float64(r.Requests), true }},
	{"errors", func(r results.Rung) (float64, bool) { return float64(r.Errors), true }},
	{"throughput_rps", results.Throughput},
	{"in_flight", results.InFlight},
	{"p50_us", results.P50},
	{"p90_us", p90},
	{"p99_us", results.P99},
	{"p999_us", p999},
	{"max_us", longest},
	{"cpu_us_per_request", results.CPUPerRequest},
	{"relative_cpu", relativeCPU},
	{"threads", results.Threads},
	{"active_threads", activeThreads},
	{"rss_bytes", results.RSS},
}

// writeCSV writes a row a trial (RFC 4180: commas, CRLF), with a group of columns for each of its loads: closed_64_p99_us,
// common_p99_us, own_p99_us. Cells are empty where there is no such figure, and in a run that is VOID, of which nothing may be
// concluded: a sum over a column must not take it in.
func writeCSV(out io.Writer, r *results.Record, _ Options) error {
	loads := csvLoads(r)
	head := []string{"workload", "mode", "round", "again", "started", "elapsed_s", "trust", "rules", "failure", "interrupted", "warm_up_s", "warm_up_steady"}
	for _, load := range loads {
		head = append(head, csvPrefix(load)+"trust")
		for _, c := range csvOf(load) {
			head = append(head, csvPrefix(load)+c.name)
		}
	}
	w := csv.NewWriter(out)
	w.UseCRLF = true
	if err := w.Write(head); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for i, t := range slices.Concat(r.Trials, r.Again) {
		if err := w.Write(csvRow(t, i >= len(r.Trials), loads)); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// csvLoads are the rungs of all ladders, and the open loads of which there are any.
func csvLoads(r *results.Record) []results.At {
	var rungs []int
	for _, w := range r.Settings.Workloads {
		rungs = append(rungs, wholeLadder(w)...)
	}
	slices.Sort(rungs)
	loads := closed(slices.Compact(rungs))
	for _, at := range []results.At{atCommon, atOwn, atAlone, atAmid, atOverload} {
		if slices.ContainsFunc(slices.Concat(r.Trials, r.Again), func(t results.Trial) bool { _, ok := rungAt(t, at); return ok }) {
			loads = append(loads, at)
		}
	}
	return loads
}

// rungAt is a trial's rung, VOID or not.
func rungAt(t results.Trial, at results.At) (results.Rung, bool) {
	i := slices.IndexFunc(t.Rungs, func(r results.Rung) bool {
		return r.Load == at.Load && (at.Load != results.Closed || r.Connections == at.Connections)
	})
	if i < 0 {
		return results.Rung{}, false
	}
	return t.Rungs[i], true
}

func csvOf(load results.At) []csvColumn {
	switch load.Load {
	case results.Closed:
		return csvColumns
	case results.Overload:
		return slices.Concat(csvOpen, csvOverload, csvColumns)
	}
	return slices.Concat(csvOpen, csvColumns)
}

func csvPrefix(at results.At) string {
	name, _, _ := strings.Cut(at.Load, " ")
	if at.Load == results.Closed {
		name += "_" + strconv.Itoa(at.Connections)
	}
	return name + "_"
}

func csvRow(t results.Trial, again bool, loads []results.At) []string {
	trust, rules := "", ""
	if t.Trust != nil {
		trust, rules = t.Trust.Status, strings.Join(t.Trust.Rules, "; ")
	}
	warmUp, steady := "", ""
	if t.WarmUp != nil {
		warmUp, steady = unit.Number(t.WarmUp.TookS), strconv.FormatBool(t.WarmUp.Steady)
	}
	row := []string{
		t.Workload, t.Mode, strconv.Itoa(t.Round), strconv.FormatBool(again), t.Started.UTC().Format(time.RFC3339Nano), unit.Number(t.ElapsedS),
		trust, rules, t.Failure, strconv.FormatBool(t.Interrupted), warmUp, steady,
	}
	for _, at := range loads {
		rung, there := rungAt(t, at)
		_, usable := t.Rung(at)
		word := ""
		if there && rung.Trust != nil {
			word = rung.Trust.Status
		}
		row = append(row, word)
		for _, c := range csvOf(at) {
			text := ""
			if v, ok := c.of(rung); ok && usable {
				text = unit.Number(v)
			}
			row = append(row, text)
		}
	}
	return row
}
