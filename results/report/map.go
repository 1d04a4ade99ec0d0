package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"nodecompare/results"
	"nodecompare/results/report/summary"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// leastMapColumn is the width that a cell needs for one line a figure, with names of usual length.
const leastMapColumn = 18

// mapCorner heads the rows.
const mapCorner = "wait"

// writeMapTable writes who wins where, a grid of the factors for each two modes and number of
// connections, and the score; with Details every figure.
func writeMapTable(out io.Writer, m *results.Map, o Options) error {
	p := newPage(out, o)
	for _, pair := range m.Pairs {
		p.headline(strong, summary.MapAnswer(m, pair), "")
	}
	grid, remarks := p.mapShort, summary.MapRemarks(m)
	if o.Details {
		grid, remarks = p.mapDetails, append(remarks, summary.MapLegend(m))
		p.paragraph(summary.MapHeading(m))
	} else {
		p.paragraph(summary.MapMeasured(m))
	}
	for _, pair := range m.Pairs {
		grid(m, pair)
	}
	for _, s := range remarks {
		p.note(s)
	}
	for _, h := range summary.HostLines(m.Hosts, o.Details) {
		p.note(h.String())
	}
	for _, s := range o.More {
		p.paragraph(s)
	}
	for _, pair := range m.Pairs {
		p.paragraph(summary.MapScore(pair))
	}
	return p.err
}

// mapShort is a pair's grids with a factor in each cell.
func (p *page) mapShort(m *results.Map, pair results.MapPair) {
	for _, g := range summary.MapGrids(m, pair) {
		p.line("")
		p.line(p.paint(strong, strings.Join(wrap(g.Title(), p.width, "  "), "\n")))
		if p.width < leastTable {
			for i, ms := range g.Waits {
				for j, us := range g.CPUs {
					p.item("  ", fmt.Sprintf("%s, %s: %s", summary.MapWait(ms), summary.MapCPU(us),
						p.paint(mapLook(g.Rows[i][j]), summary.MapShort(pair, g.Rows[i][j]))))
				}
			}
			continue
		}
		p.mapColumns(g, false, func(c results.MapCell, room int) string {
			return p.paint(mapLook(c), strings.Join(wrap(summary.MapShort(pair, c), room, "  "), "\n"))
		})
	}
	p.paragraph(summary.MapKey(pair))
}

// mapDetails is a pair's grids with both figures in each cell, and what follows from them.
func (p *page) mapDetails(m *results.Map, pair results.MapPair) {
	for _, g := range summary.MapGrids(m, pair) {
		p.line("")
		p.note(g.Title() + ": who is ahead, and by how much")
		if p.width < leastTable {
			p.mapList(g)
		} else {
			p.mapColumns(g, true, func(c results.MapCell, room int) string { return p.mapCell(g, c, room) })
		}
	}
	p.line("")
	for _, s := range summary.MapSentences(m, pair) {
		p.note(s)
	}
}

// mapColumns writes a grid as a table, or as several below each other when its columns do not stand
// side by side.
func (p *page) mapColumns(g summary.MapGrid, ruled bool, write func(c results.MapCell, room int) string) {
	label := columnsOf(mapCorner)
	for _, ms := range g.Waits {
		label = max(label, columnsOf(summary.MapBareWait(ms)))
	}
	free := p.width - (label + 4)
	fit := min(max(free/(leastMapColumn+3), 1), len(g.CPUs))
	room := min(max(free/fit-3, 1), 2*leastMapColumn)
	for from := 0; from < len(g.CPUs); from += fit {
		to := min(from+fit, len(g.CPUs))
		head := []string{p.paint(strong, mapCorner)}
		for _, us := range g.CPUs[from:to] {
			head = append(head, p.paint(strong, strings.Join(wrap(summary.MapCPU(us), room, ""), "\n")))
		}
		var rows [][]string
		for i, ms := range g.Waits {
			row := []string{p.paint(strong, summary.MapBareWait(ms))}
			for _, c := range g.Rows[i][from:to] {
				row = append(row, write(c, room))
			}
			rows = append(rows, row)
		}
		p.box(box{head: head, rows: rows, ruled: ruled})
	}
}

func (p *page) mapCell(g summary.MapGrid, c results.MapCell, room int) string {
	lines := []string{p.paint(mapLook(c), strings.Join(wrap(summary.MapWord(c), room, "  "), "\n"))}
	for _, text := range summary.MapLines(g.Pair, c) {
		lines = append(lines, wrap(text, room, "  ")...)
	}
	return strings.Join(lines, "\n")
}

func mapLook(c results.MapCell) style {
	switch c.Outcome {
	case results.MapWins:
		return good
	case results.MapSame:
		return strong
	}
	return lesser
}

func (p *page) mapList(g summary.MapGrid) {
	for i, ms := range g.Waits {
		for j, us := range g.CPUs {
			c := g.Rows[i][j]
			lines := summary.MapLines(g.Pair, c)
			p.item("  ",
				fmt.Sprintf("%s, %s: %s; %s; %s", summary.MapWait(ms), summary.MapCPU(us),
					p.paint(mapLook(c), summary.MapWord(c)), lines[0], lines[1]))
		}
	}
}

var mapCSVHead = []string{
	"a", "b", "connections", "wait_ms", "cpu_us", "outcome", "winner",
	"throughput_better", "throughput_same", "throughput_rounds", "throughput_a_over_b", "throughput_low",
	"throughput_high",
	"cpu_better", "cpu_same", "cpu_rounds", "cpu_a_over_b", "cpu_low", "cpu_high",
	"a_throughput_rps", "b_throughput_rps", "a_cpu_us_per_request", "b_cpu_us_per_request", "generator_limited",
}

// writeMapCSV writes a row for each two modes and cell (RFC 4180: commas, CRLF). Missing figures
// are empty.
func writeMapCSV(out io.Writer, m *results.Map) error {
	w := csv.NewWriter(out)
	w.UseCRLF = true
	rows := [][]string{mapCSVHead}
	for _, p := range m.Pairs {
		for _, c := range p.Cells {
			row := []string{cell(p.A), cell(p.B), strconv.Itoa(c.Connections), strconv.Itoa(c.WaitMS),
				strconv.Itoa(c.CPUUS), cell(c.Outcome), cell(c.Winner)}
			for _, d := range []results.MapComparison{c.Throughput, c.CPU} {
				row = append(row, cell(d.Better), strconv.FormatBool(d.Same), strconv.Itoa(d.Rounds))
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

// mapNumber returns "" for a figure without rounds.
func mapNumber(v float64, rounds int) string {
	if rounds == 0 {
		return ""
	}
	return unit.Number(v)
}
