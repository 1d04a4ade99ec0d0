package report

import (
	"fmt"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// rampAnswer says up to which rate a ramp's latency stayed as it was.
func rampAnswer(run *results.LoadRun) string {
	r, lost := run.Ramp, lostOnARamp(run)
	from, to := unit.Rate(r.FromRPS), unit.Rate(r.ToRPS)
	if r.UsualUS == 0 {
		return fmt.Sprintf("From %s to %s requests/s: where latency breaks away is not known, since too little was "+
			"answered at the lowest of these rates to tell what is usual%s.", from, to, lost)
	}
	if r.BreaksRPS == 0 {
		return fmt.Sprintf("From %s to %s requests/s latency does not break away: the slowest 1 in 100 never "+
			"take %d times as long as usual%s.", from, to, results.BreakTimes, lost)
	}
	return fmt.Sprintf("Between %s and %s requests/s latency breaks away at about %s/s: from there on the "+
		"slowest 1 in 100 take more than %d times their usual %s%s.", from, to, unit.Rate(r.BreaksRPS),
		results.BreakTimes, unit.Micros(r.UsualUS), lost)
}

// lostOnARamp says what has no latency, because it failed or was never sent; "" for nothing.
func lostOnARamp(run *results.LoadRun) string {
	var all []string
	if run.Errors > 0 {
		all = append(all, fmt.Sprintf("%s of %s failed", unit.Count(run.Errors), unit.Counted(run.Requests, "request")))
	}
	if run.Unsent > 0 {
		all = append(all, fmt.Sprintf("%s more were due and not sent", unit.Count(run.Unsent)))
	}
	if all == nil {
		return ""
	}
	return "; " + strings.Join(all, ", and ")
}

// ramp writes a line for each step of a ramp, with a bar for its p99 where there is room.
func (p *page) ramp(r *results.Ramp) {
	if r == nil {
		return
	}
	p.line("")
	most := 0.0
	for _, s := range r.Steps {
		most = max(most, s.LatencyUS.P99)
	}
	rows := [][]string{{"at", "due/s", "p50", "p99", "failed", "unsent", ""}}
	for _, s := range r.Steps {
		row := []string{unit.Digits(s.StartS) + " s", unit.Rate(s.RateRPS), unit.Missing, unit.Missing,
			unit.Count(s.Errors), unit.Count(s.Unsent), ""}
		if s.Answered > 0 {
			row[2], row[3] = unit.Micros(s.LatencyUS.P50), unit.Micros(s.LatencyUS.P99)
		}
		rows = append(rows, row)
	}
	widths := 0
	for i := range rows[0] {
		column := 0
		for _, row := range rows {
			column = max(column, columnsOf(row[i]))
		}
		widths += column + 2
	}
	if room := min(p.width-widths, mostBar); room >= leastBar {
		for i, s := range r.Steps {
			rows[1+i][6] = bar(s.LatencyUS.P99, most, room)
		}
	}
	if !p.aligned(rows, 0, 1, 2, 3, 4, 5) {
		for _, row := range rows[1:] {
			p.item("  ", fmt.Sprintf("%s: %s/s, p50 %s, p99 %s, %s failed, %s unsent", row[0], row[1], row[2], row[3],
				row[4], row[5]))
		}
	}
}

// sparkline draws values as bars of one character each, the largest as high as it can be.
func sparkline(values []float64, most float64) string {
	var b strings.Builder
	for _, v := range values {
		level := 0
		if most > 0 {
			level = min(int(v/most*8), 7)
		}
		b.WriteString(levels[level])
	}
	return b.String()
}

// levels are the blocks from an eighth of a line's height to all of it (Unicode, Block Elements).
var levels = []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}
