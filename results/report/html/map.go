package html

import (
	"fmt"
	"html/template"
	"io"
	"time"

	"nodecompare/results"
	"nodecompare/results/report/summary"
	"nodecompare/results/unit"
)

// heatPage is what map.html shows. It needs no script.
type heatPage struct {
	Title    string
	Style    template.CSS
	Map      *results.Map
	Heading  string
	Warnings []string
	Remarks  []string
	Modes    []styledMode
	Pairs    []heatPair
	Host     []aboutPair
	Hosts    []aboutPair // of a map on several
	Settings []aboutPair
}

// heatPair is two modes: their grids, and what these come to.
type heatPair struct {
	ID        string
	A, B      styledMode
	Sentences []string
	Grids     []heatGrid
	Figures   dataTable
}

type heatGrid struct {
	Title string
	Head  []string
	Rows  []heatRow
}

type heatRow struct {
	Name  string
	Cells []heatCell
}

// heatCell is a cell with all that it says in words: its colour only repeats them.
type heatCell struct {
	Word, Class string
	Lines       [2]string
}

// heatLevels are the gains from which a cell is a step darker.
var heatLevels = []float64{1.1, 1.3, 2}

func WriteMap(out io.Writer, m *results.Map) error {
	t, err := pageTemplate("map.html")
	if err != nil {
		return err
	}
	style, err := pageText("page/style.css", "page/print.css", "page/map.css")
	if err != nil {
		return err
	}
	p := heatPage{Title: "nodecompare: where the wait matters", Style: template.CSS(style), Map: m,
		Heading: summary.MapHeading(m)}
	looks := map[string]styledMode{}
	for i, mode := range m.Settings.Modes {
		looks[mode.Name] = styledMode{mode, i % looksKnown}
		p.Modes = append(p.Modes, looks[mode.Name])
	}
	for _, remark := range append(summary.MapRemarks(m), summary.MapLegend(m)) {
		if urgent(remark) {
			p.Warnings = append(p.Warnings, remark)
		} else {
			p.Remarks = append(p.Remarks, remark)
		}
	}
	for i, pair := range m.Pairs {
		h := heatPair{ID: fmt.Sprintf("p%d", i+1), A: looks[pair.A], B: looks[pair.B],
			Sentences: summary.MapSentences(m, pair), Figures: heatFigures(pair)}
		for _, g := range summary.MapGrids(m, pair) {
			h.Grids = append(h.Grids, heat(g, looks))
		}
		p.Pairs = append(p.Pairs, h)
	}
	p.Host, p.Hosts, p.Settings = hostPairs(m.Host), hostLines(m.Hosts), heatSettings(m)
	if err := t.ExecuteTemplate(out, "map.html", p); err != nil {
		return fmt.Errorf("write the map's page: %w", err)
	}
	return nil
}

func heat(g summary.MapGrid, looks map[string]styledMode) heatGrid {
	h := heatGrid{Title: g.Title()}
	for _, us := range g.CPUs {
		h.Head = append(h.Head, summary.MapCPU(us))
	}
	for i, ms := range g.Waits {
		row := heatRow{Name: summary.MapWait(ms)}
		for _, c := range g.Rows[i] {
			row.Cells = append(row.Cells,
				heatCell{summary.MapWord(c), heatClass(c, looks), summary.MapLines(g.Pair, c)})
		}
		h.Rows = append(h.Rows, row)
	}
	return h
}

// heatClass is the winner's colour, darker where it gains more in the figure that it is ahead in:
// throughput, if that is one.
func heatClass(c results.MapCell, looks map[string]styledMode) string {
	switch c.Outcome {
	case results.MapSame:
		return "even"
	case results.MapTradeOff, results.MapUnknown:
		return "unknown"
	}
	gain := c.CPU.Ratio
	if c.Throughput.Better != "" {
		gain = c.Throughput.Ratio
	}
	level := 1
	for _, from := range heatLevels {
		if max(gain, 1/gain) >= from {
			level++
		}
	}
	return fmt.Sprintf("heat%d of%d", level, looks[c.Winner].Look)
}

// heatFigures are the numbers behind the grids.
func heatFigures(p results.MapPair) dataTable {
	t := dataTable{
		Caption: fmt.Sprintf("Every cell of %s and %s", p.A, p.B),
		Head: []string{"Cell", p.A + ", req/s", p.B + ", req/s", p.A + " over " + p.B,
			p.A + ", CPU per request", p.B + ", CPU per request", p.A + " over " + p.B},
	}
	for _, c := range p.Cells {
		t.Rows = append(t.Rows, dataRow{Name: summary.MapPoint(c.MapPoint), Cells: []dataCell{
			estimateCell(c.OfA.ThroughputRPS, unit.Rate), estimateCell(c.OfB.ThroughputRPS, unit.Rate),
			ratioCell(c.Throughput),
			estimateCell(c.OfA.CPUUS, unit.Micros), estimateCell(c.OfB.CPUUS, unit.Micros), ratioCell(c.CPU),
		}})
	}
	return t
}

func ratioCell(c results.MapComparison) dataCell {
	if c.Rounds == 0 {
		return dataCell{Value: unit.Missing}
	}
	return dataCell{Value: unit.Times(c.Ratio), Interval: rangeOf(c.Low, c.High, unit.Times)}
}

func heatSettings(m *results.Map) []aboutPair {
	s := m.Settings
	pin := s.Pin.Note
	if s.Pin.Server != "" {
		pin = fmt.Sprintf("servers on CPU %s, load on CPU %s", s.Pin.Server, s.Pin.Generator)
	}
	return told(
		aboutPair{"Tool", m.Tool + " " + m.ToolVersion},
		aboutPair{"Started", m.Started.UTC().Format("2006-01-02 15:04:05 UTC")},
		aboutPair{"Took", (time.Duration(m.ElapsedS*1e3) * time.Millisecond).Round(time.Second).String()},
		aboutPair{"Rounds", fmt.Sprintf("%d, seed %d", s.Rounds, s.Seed)},
		aboutPair{"CPUs", pin},
		aboutPair{"Runs", unit.Count(len(m.Runs))},
	)
}
