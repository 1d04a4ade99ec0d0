package summary

import (
	"fmt"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// MapGrid is the cells of two modes on one number of connections: a row for each wait, a column for
// each CPU time.
type MapGrid struct {
	Pair        results.MapPair
	connections int
	Waits, CPUs []int
	Rows        [][]results.MapCell
}

// MapGrids are the grids of two modes, one for each number of connections.
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

// Title is the grid's, for people.
func (g MapGrid) Title() string {
	return fmt.Sprintf("%s and %s on %s", g.Pair.A, g.Pair.B, unit.Counted(g.connections, "connection"))
}

// MapWait and MapCPU are what a request does, in words.
func MapWait(ms int) string {
	if ms == 0 {
		return "no wait"
	}
	return "wait " + unit.Micros(float64(ms)*1e3)
}

// MapBareWait is for a row, where the head of the column says what it is.
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

// MapWord is a cell's, with the mark of a doubt.
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

// MapDoubted says that the cell's throughput was, in half of the rounds or more, the generator's.
func MapDoubted(c results.MapCell) bool {
	return c.Throughput.Rounds > 0 && 2*max(c.OfA.Limited, c.OfB.Limited) >= c.Throughput.Rounds
}

// MapLines are the two figures of a cell: who is ahead and by how much, or how far apart the two
// can be.
func MapLines(p results.MapPair, c results.MapCell) [2]string {
	return [2]string{"rate: " + mapDifference(p, c.Throughput), "CPU: " + mapDifference(p, c.CPU)}
}

// mapDifference is "async 1.8×" for a difference: the better mode's figure over the other's.
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
