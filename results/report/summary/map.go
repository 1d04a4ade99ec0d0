package summary

import (
	"fmt"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// MapGrid holds the cells of two modes at one number of connections: a row for each wait, a column
// for each CPU time.
type MapGrid struct {
	Pair        results.MapPair
	connections int
	Waits, CPUs []int
	Rows        [][]results.MapCell
}

// MapGrids returns the grids of two modes, one for each number of connections.
func MapGrids(m *results.Map, p results.MapPair) []MapGrid {
	var all []MapGrid
	s, at := m.Settings, 0
	for _, n := range s.Connections {
		g := MapGrid{Pair: p, connections: n, Waits: s.Waits, CPUs: s.CPUs}
		for range s.Waits {
			g.Rows = append(g.Rows, p.Cells[at:at+len(s.CPUs)])
			at += len(s.CPUs)
		}
		all = append(all, g)
	}
	return all
}

// Title returns the grid's title.
func (g MapGrid) Title() string {
	return fmt.Sprintf("%s and %s on %s", g.Pair.A, g.Pair.B, unit.Counted(g.connections, "connection"))
}

// MapWait and MapCPU describe what a request does.
func MapWait(ms int) string {
	if ms == 0 {
		return "no wait"
	}
	return "wait " + unit.Micros(float64(ms)*1e3)
}

// MapBareWait is MapWait for a row, whose column's head names it.
func MapBareWait(ms int) string {
	if ms == 0 {
		return "none"
	}
	return unit.Micros(float64(ms) * 1e3)
}

func MapCPU(us int) string {
	if us == 0 {
		return "no computing"
	}
	return "computing " + unit.Micros(float64(us))
}

// MapPoint names a cell.
func MapPoint(at results.MapPoint) string {
	return fmt.Sprintf("%s, %s, %s", MapWait(at.WaitMS), MapCPU(at.CPUUS), unit.Counted(at.Connections, "connection"))
}

// MapWord returns a cell's word, with the mark of a doubt.
func MapWord(c results.MapCell) string {
	word := c.Outcome
	if c.Outcome == results.MapWins {
		word = c.Winner
	}
	if MapDoubted(c) {
		word += Mark
	}
	return word
}

// MapDoubted reports whether the generator bounded the cell's throughput in at least half of the
// rounds.
func MapDoubted(c results.MapCell) bool {
	return c.Throughput.Rounds > 0 && 2*max(c.OfA.Limited, c.OfB.Limited) >= c.Throughput.Rounds
}

// MapLines returns the two figures of a cell: who is ahead and by how much, or how far apart the
// two can be.
func MapLines(p results.MapPair, c results.MapCell) [2]string {
	return [2]string{"rate: " + mapDifference(p, c.Throughput), "CPU: " + mapDifference(p, c.CPU)}
}

// mapDifference returns "async 1.8×" for a difference: the better mode's figure over the other's.
func mapDifference(p results.MapPair, c results.MapComparison) string {
	switch {
	case c.Rounds == 0:
		return unit.Missing
	case c.Better == p.A:
		return p.A + " " + unit.Times(c.Ratio)
	case c.Better == p.B:
		return p.B + " " + unit.Times(1/c.Ratio)
	case c.Same:
		return "same"
	}
	return "? " + unit.Digits(c.Low) + "–" + unit.Times(c.High)
}
