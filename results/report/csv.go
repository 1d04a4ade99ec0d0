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

// Columns for each load of a trial: an open load, one at the common rate, an overload, any load.
var (
	csvOpen     = []results.Figure{results.Offered, results.Unsent, results.SendLagP99}
	csvCommon   = []results.Figure{results.IdleCPU}
	csvOverload = []results.Figure{
		results.Due, results.InTime, results.Late, results.Refused, results.TimedOut, results.NotSent,
		results.Goodput, results.Recovery,
	}
	csvTold    = []results.Figure{results.Absent, results.Silent} // of closed loads of subscribers
	csvColumns = []results.Figure{
		results.Requests, results.Errors, results.Throughput, results.InFlight, results.P50, results.P90,
		results.P99, results.P999, results.Longest,
		results.CPUPerRequest, results.RelativeCPU, results.Threads, results.ActiveThreads, results.Memory,
	}
)

// writeCSV writes a row a trial (RFC 4180: commas, CRLF), with a group of columns for each of its
// loads: closed_64_p99_us, common_p99_us, own_p99_us. A missing figure is an empty cell, and so is
// every figure of a VOID run, so that sums over a column leave it out.
func writeCSV(out io.Writer, r *results.Record) error {
	loads, told := csvLoads(r), tells(r)
	head := []string{"workload", "mode", "round", "again", "started", "elapsed_s", "trust", "rules",
		"failure", "interrupted", "warm_up_s", "warm_up_steady"}
	for _, load := range loads {
		head = append(head, csvPrefix(load)+"trust")
		for _, c := range csvOf(load, told) {
			head = append(head, csvPrefix(load)+c.Slug)
		}
	}
	w := csv.NewWriter(out)
	w.UseCRLF = true
	if err := w.Write(head); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for i, t := range slices.Concat(r.Trials, r.Again) {
		if err := w.Write(csvRow(t, i >= len(r.Trials), loads, told)); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// csvLoads returns the rungs of all ladders, and those open loads that exist.
func csvLoads(r *results.Record) []results.RungKey {
	var rungs []int
	for _, w := range r.Settings.Workloads {
		rungs = append(rungs, w.Connections()...)
	}
	slices.Sort(rungs)
	loads := results.ClosedAtAll(slices.Compact(rungs))
	for _, at := range []results.RungKey{results.AtCommon, results.AtOwn, results.AtAlone, results.AtAmid,
		results.AtOverload} {
		if slices.ContainsFunc(slices.Concat(r.Trials, r.Again),
			func(t results.Trial) bool { _, ok := rungAt(t, at); return ok }) {
			loads = append(loads, at)
		}
	}
	return loads
}

// rungAt returns a trial's rung, VOID or not.
func rungAt(t results.Trial, at results.RungKey) (results.Rung, bool) {
	i := slices.IndexFunc(t.Rungs, func(r results.Rung) bool {
		return r.Load == at.Load && (at.Load != results.Closed || r.Connections == at.Connections)
	})
	if i < 0 {
		return results.Rung{}, false
	}
	return t.Rungs[i], true
}

// tells reports whether a workload of the record has subscribers.
func tells(r *results.Record) bool {
	return slices.ContainsFunc(r.Settings.Workloads, func(w results.Workload) bool { return w.Tells })
}

// csvOf returns the figures of a load. told says that there are subscribers in the record.
func csvOf(load results.RungKey, told bool) []results.Figure {
	switch load.Load {
	case results.Closed:
		if told {
			return slices.Concat(csvColumns, csvTold)
		}
		return csvColumns
	case results.Common:
		return slices.Concat(csvOpen, csvColumns, csvCommon)
	case results.Overload:
		return slices.Concat(csvOpen, csvOverload, csvColumns)
	}
	return slices.Concat(csvOpen, csvColumns)
}

func csvPrefix(at results.RungKey) string {
	name, _, _ := strings.Cut(at.Load, " ")
	if at.Load == results.Closed {
		name += "_" + strconv.Itoa(at.Connections)
	}
	return name + "_"
}

// cell returns text that no spreadsheet takes for a formula.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func csvRow(t results.Trial, again bool, loads []results.RungKey, told bool) []string {
	trust, rules := "", ""
	if t.Trust != nil {
		trust, rules = t.Trust.Status, strings.Join(t.Trust.Rules, "; ")
	}
	warmUp, steady := "", ""
	if t.WarmUp != nil {
		warmUp, steady = unit.Number(t.WarmUp.TookS), strconv.FormatBool(t.WarmUp.Steady)
	}
	row := []string{
		cell(t.Workload), cell(t.Mode), strconv.Itoa(t.Round), strconv.FormatBool(again),
		t.Started.UTC().Format(time.RFC3339Nano), unit.Number(t.ElapsedS),
		cell(trust), cell(rules), cell(t.Failure), strconv.FormatBool(t.Interrupted), warmUp, steady,
	}
	for _, at := range loads {
		rung, there := rungAt(t, at)
		_, usable := t.Rung(at)
		word := ""
		if there && rung.Trust != nil {
			word = rung.Trust.Status
		}
		row = append(row, cell(word))
		for _, c := range csvOf(at, told) {
			text := ""
			if v, ok := c.Read(rung); ok && usable {
				text = unit.Number(v)
			}
			row = append(row, text)
		}
	}
	return row
}
