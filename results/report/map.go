package report

import (
	"fmt"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// mapGrid is the cells of two modes on one number of connections: a row for each wait, a column for each CPU time.
type mapGrid struct {
	pair        results.MapPair
	connections int
	waits, cpus []int
	rows        [][]results.MapCell
}

func mapGrids(m *results.Map, p results.MapPair) []mapGrid {
	var all []mapGrid
	s, at := m.Settings, 0
	for _, n := range s.Connections {
		g := mapGrid{pair: p, connections: n, waits: s.Waits, cpus: s.CPUs}
		for range s.Waits {
			g.rows = append(g.rows, p.Cells[at:at+len(s.CPUs)])
			at += len(s.CPUs)
		}
		all = append(all, g)
	}
	return all
}

// title is the grid's, for people.
func (g mapGrid) title() string {
	return fmt.Sprintf("%s and %s on %s", g.pair.A, g.pair.B, unit.Counted(g.connections, "connection"))
}

// mapWait and mapCPU are what a request does, in words.
func mapWait(ms int) string {
	if ms == 0 {
		return "no wait"
	}
	return "wait " + unit.Micros(float64(ms)*1e3)
}

// mapBareWait is for a row, where the head of the column says what it is.
func mapBareWait(ms int) string {
	if ms == 0 {
		return "none"
	}
	return unit.Micros(float64(ms) * 1e3)
}

func mapCPU(us int) string {
	if us == 0 {
		return "no computing"
	}
	return "computing " + unit.Micros(float64(us))
}

func mapPlace(at results.MapPlace) string {
	return fmt.Sprintf("%s, %s, %s", mapWait(at.WaitMS), mapCPU(at.CPUUS), unit.Counted(at.Connections, "connection"))
}

// mapWord is a cell's, with the mark of a doubt.
func mapWord(c results.MapCell) string {
	word := c.Outcome
	if c.Outcome == results.MapWins {
		word = c.Winner
	}
	if mapDoubted(c) {
		word += mark
	}
	return word
}

// mapDoubted says that the cell's throughput was, in half of the rounds or more, the generator's.
func mapDoubted(c results.MapCell) bool {
	return c.Throughput.Rounds > 0 && 2*max(c.OfA.Limited, c.OfB.Limited) >= c.Throughput.Rounds
}

// mapLines are the two figures of a cell: who is ahead and by how much, or how far apart the two can be.
func mapLines(p results.MapPair, c results.MapCell) [2]string {
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
