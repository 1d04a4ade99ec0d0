package report

import (
	"fmt"
	"net/url"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

const (
	leastTarget = 12  // columns of a target's name, and of its statuses
	mostTarget  = 120 // characters of the name that are shown
)

// targets writes a row for each of several targets.
func (p *page) targets(r *results.LoadRun) {
	if len(r.Targets) == 0 {
		return
	}
	p.line("")
	rows := make([][]string, len(r.Targets))
	for i, t := range r.Targets {
		p50, p99 := unit.Missing, unit.Missing
		if n := t.Requests - t.Errors; results.Resolves(n, 50) {
			p50 = unit.Micros(t.LatencyUS.P50)
			if results.Resolves(n, 99) {
				p99 = unit.Micros(t.LatencyUS.P99)
			}
		}
		rows[i] = []string{targetName(t), unit.Count(t.Requests), unit.Count(t.Errors), statuses(t.Codes), p50, p99}
	}
	head := []string{"target", "requests", "errors", "status", "p50", "p99"}
	if widths := p.targetWidths(head, rows); widths != nil {
		for _, row := range rows {
			for _, i := range []int{0, 3} {
				row[i] = strings.Join(wrap(row[i], widths[i], " "), "\n")
			}
		}
		p.box(box{head: head, rows: rows, right: []int{1, 2, 4, 5}, widths: widths})
		return
	}
	for _, row := range rows {
		p.paragraph(row[0])
		p.item("  ",
			fmt.Sprintf("%s requests, %s errors, status %s, p50 %s, p99 %s", row[1], row[2], row[3], row[4], row[5]))
	}
}

// targetWidths gives the figures the width they need, and the rest to the targets' names, after the
// statuses have given way. It returns nil if there is too little room.
func (p *page) targetWidths(head []string, rows [][]string) []int {
	const name, status = 0, 3
	widths, room := make([]int, len(head)), p.width-1
	for i := range head {
		widths[i] = columnsOf(head[i])
		for _, row := range rows {
			widths[i] = max(widths[i], columnsOf(row[i]))
		}
		room -= widths[i] + 3
	}
	for _, i := range []int{status, name} {
		if room < 0 {
			narrow := max(min(widths[i], leastTarget), widths[i]+room)
			room += widths[i] - narrow
			widths[i] = narrow
		}
	}
	if room < 0 || p.width < leastLoadTable {
		return nil
	}
	return widths
}

// targetName returns a target without the server, which all targets share.
func targetName(t results.TargetRun) string {
	if t.Method == "" {
		return "the others: " + unit.Counted(t.Targets, "target")
	}
	name := t.URL
	if u, err := url.Parse(t.URL); err == nil {
		name = u.RequestURI()
	}
	name = t.Method + " " + name
	if cut := []rune(name); len(cut) > mostTarget {
		name = string(cut[:mostTarget-1]) + "…"
	}
	if t.Targets > 1 {
		name += fmt.Sprintf(" (%d)", t.Targets)
	}
	return name
}

// statuses returns one status, or each with its number.
func statuses(all map[int]uint64) string {
	text := codes(all)
	switch one, _, _ := strings.Cut(text, ":"); len(all) {
	case 0:
		return unit.Missing
	case 1:
		return one
	}
	return text
}
