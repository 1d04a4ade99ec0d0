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
	csvDatabase = []results.Figure{results.DatabaseCPU}
	csvTold     = []results.Figure{results.Absent, results.Silent} // of closed loads of subscribers
	// of closed loads of viewers
	csvPlayed  = []results.Figure{results.Smooth, results.Stalls, results.Stalled, results.Unstarted}
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
	loads := csvLoads(r)
	head := []string{"workload", "mode", "round", "again", "started", "elapsed_s", "trust", "rules",
		"failure", "interrupted", "warm_up_s", "warm_up_steady"}
	for _, load := range loads {
		head = append(head, csvPrefix(load)+"trust")
		for _, c := range csvOf(r, load) {
			head = append(head, csvPrefix(load)+c.Slug)
		}
	}
	books := slices.ContainsFunc(r.Trials, func(t results.Trial) bool { return t.Books != nil })
	if books {
		head = append(head, "orders_placed", "orders_conflicts", "orders_retries", "orders_deadlocks")
	}
	w := csv.NewWriter(out)
	w.UseCRLF = true
	if err := w.Write(head); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for i, t := range slices.Concat(r.Trials, r.Again) {
		if err := w.Write(csvRow(r, t, i >= len(r.Trials), loads, books)); err != nil {
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

// some reports whether a workload of the record is of a kind.
func some(r *results.Record, kind func(results.Workload) bool) bool {
	return slices.ContainsFunc(r.Settings.Workloads, kind)
}

// csvOf returns the figures of a load.
func csvOf(r *results.Record, load results.RungKey) []results.Figure {
	columns := csvColumns
	if r.Settings.Database != nil {
		columns = slices.Concat(csvColumns, csvDatabase)
	}
	switch load.Load {
	case results.Closed:
		if some(r, func(w results.Workload) bool { return w.Tells }) {
			columns = slices.Concat(columns, csvTold)
		}
		if some(r, func(w results.Workload) bool { return w.Plays }) {
			columns = slices.Concat(columns, csvPlayed)
		}
		return columns
	case results.Common:
		return slices.Concat(csvOpen, columns, csvCommon)
	case results.Overload:
		return slices.Concat(csvOpen, csvOverload, columns)
	}
	return slices.Concat(csvOpen, columns)
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

func csvRow(r *results.Record, t results.Trial, again bool, loads []results.RungKey, books bool) []string {
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
		for _, c := range csvOf(r, at) {
			text := ""
			if v, ok := c.Read(rung); ok && usable {
				text = unit.Number(v)
			}
			row = append(row, text)
		}
	}
	if books {
		row = append(row, booksOf(t)...)
	}
	return row
}

// booksOf are the counts of a trial's orders; empty where it placed none.
func booksOf(t results.Trial) []string {
	cells := make([]string, 4)
	if b := t.Books; b != nil {
		for i, n := range []uint64{b.Placed, b.Conflicts, b.Retries, b.Deadlocks} {
			cells[i] = strconv.FormatUint(n, 10)
		}
	}
	return cells
}
