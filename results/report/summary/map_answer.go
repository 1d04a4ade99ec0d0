package summary

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// MapAnswer says who wins where, and by how much.
func MapAnswer(m *results.Map, p results.MapPair) string {
	n := unit.Counted(len(p.Cells), "cell")
	var parts []string
	for _, mode := range []string{p.B, p.A} {
		won := mapCells(p, results.MapWins, mode)
		if len(won) == 0 {
			continue
		}
		text := fmt.Sprintf("%s wins %s of %s%s, %s", mode, unit.Count(len(won)), n, mapWhere(m.Settings, p, won),
			mapFactors(p, won))
		if len(won) == len(p.Cells) {
			text = fmt.Sprintf("%s wins in all %s, %s", mode, n, mapFactors(p, won))
		}
		parts = append(parts, text)
		n = unit.Count(len(p.Cells))
	}
	if parts == nil {
		parts = append(parts, fmt.Sprintf("Neither %s nor %s wins a cell", p.A, p.B))
	}
	if same := mapCells(p, results.MapSame, ""); len(same) > 0 {
		parts = append(parts, fmt.Sprintf("they are the same in %s%s", unit.Count(len(same)),
			mapWhere(m.Settings, p, same)))
	}
	if both := mapCells(p, results.MapTradeOff, ""); len(both) > 0 {
		parts = append(parts, fmt.Sprintf("each is ahead in one figure in %s", unit.Count(len(both))))
	}
	if open := mapCells(p, results.MapUnknown, ""); len(open) > 0 {
		parts = append(parts, unit.Count(len(open))+" undecided")
	}
	return strings.Join(parts, "; ") + "."
}

// MapScore counts a pair's cells.
func MapScore(p results.MapPair) string {
	parts := []string{fmt.Sprintf("%s wins %d of %s", p.B, len(mapCells(p, results.MapWins, p.B)),
		unit.Counted(len(p.Cells), "cell")), fmt.Sprintf("%s wins %d", p.A, len(mapCells(p, results.MapWins, p.A)))}
	for _, s := range []struct{ outcome, text string }{{results.MapSame, "the same in %d"},
		{results.MapTradeOff, "each ahead in one figure in %d"}, {results.MapUnknown, "undecided in %d"}} {
		if n := len(mapCells(p, s.outcome, "")); n > 0 {
			parts = append(parts, fmt.Sprintf(s.text, n))
		}
	}
	return strings.Join(parts, ", ") + "."
}

// mapCells are a pair's cells of an outcome, and of a winner where there is one.
func mapCells(p results.MapPair, outcome, winner string) (all []results.MapCell) {
	for _, c := range p.Cells {
		if c.Outcome == outcome && c.Winner == winner {
			all = append(all, c)
		}
	}
	return all
}

// mapDecides is the figure that a cell was won by, and how many times better the winner is in it.
func mapDecides(p results.MapPair, c results.MapCell) (cpu bool, times float64) {
	cpu = c.CPU.Better == c.Winner && (c.CPU.Rests || c.Throughput.Better != c.Winner)
	d := c.Throughput
	if cpu {
		d = c.CPU
	}
	if (c.Winner == p.A) == cpu {
		return cpu, 1 / d.Ratio
	}
	return cpu, d.Ratio
}

// mapFactors is how many times better the winner of some cells is at the least and at the most.
func mapFactors(p results.MapPair, won []results.MapCell) string {
	var parts []string
	for _, figure := range []struct {
		cpu  bool
		name string
	}{{true, "CPU per request"}, {false, "throughput"}} {
		least, most := math.Inf(1), 0.0
		for _, c := range won {
			if cpu, times := mapDecides(p, c); cpu == figure.cpu {
				least, most = min(least, times), max(most, times)
			}
		}
		switch low, high := unit.Times(least), unit.Times(most); {
		case most == 0:
		case low == high:
			parts = append(parts, high+" in "+figure.name)
		default:
			parts = append(parts, low+" to "+high+" in "+figure.name)
		}
	}
	return "by " + strings.Join(parts, " and ")
}

// mapWhere says what the cells have in common that others have not, but for those that are
// undecided; "" where nothing simple does.
func mapWhere(s results.MapSettings, p results.MapPair, of []results.MapCell) string {
	in := map[results.MapPoint]bool{}
	for _, c := range of {
		in[c.MapPoint] = true
	}
	sides := [][]mapBound{mapBounds(s.CPUs, mapComputes, func(c results.MapCell) int { return c.CPUUS }),
		mapBounds(s.Waits, mapWaits, func(c results.MapCell) int { return c.WaitMS }),
		mapBounds(s.Connections, mapConnections, func(c results.MapCell) int { return c.Connections })}
	exact := func(bounds ...mapBound) bool {
		for _, c := range p.Cells {
			holds := true
			for _, b := range bounds {
				holds = holds && b.holds(c)
			}
			if c.Outcome != results.MapUnknown && holds != in[c.MapPoint] {
				return false
			}
		}
		return true
	}
	for _, side := range sides {
		for _, b := range side {
			if exact(b) {
				return " (" + b.text + ")"
			}
		}
	}
	for i, side := range sides {
		for _, other := range sides[i+1:] {
			for _, a := range side {
				for _, b := range other {
					if exact(a, b) {
						return " (" + a.text + ", " + b.text + ")"
					}
				}
			}
		}
	}
	return ""
}

// A mapBound holds for the cells of some rows or columns.
type mapBound struct {
	text  string
	holds func(results.MapCell) bool
}

// mapBounds are those of one side of the grid: up to a value, from one on, and one alone. What
// holds for the whole side says nothing.
func mapBounds(values []int, write func(v int, up, down bool) string, of func(results.MapCell) int) (all []mapBound) {
	if len(values) < 2 {
		return nil
	}
	for _, v := range values {
		if v < slices.Max(values) {
			all = append(all, mapBound{write(v, false, true), func(c results.MapCell) bool { return of(c) <= v }})
		}
		if v > slices.Min(values) {
			all = append(all, mapBound{write(v, true, false), func(c results.MapCell) bool { return of(c) >= v }})
		}
		all = append(all, mapBound{write(v, false, false), func(c results.MapCell) bool { return of(c) == v }})
	}
	return all
}

// bounded writes "10 ms or more".
func bounded(v string, up, down bool) string {
	switch {
	case up:
		return v + " or more"
	case down:
		return v + " or less"
	}
	return v
}

func mapComputes(us int, up, down bool) string {
	if us == 0 {
		return "no computing"
	}
	return "computing " + bounded(unit.Micros(float64(us)), up, down)
}

func mapWaits(ms int, up, down bool) string {
	if ms == 0 {
		return "no wait"
	}
	return "waiting " + bounded(unit.Micros(float64(ms)*1e3), up, down)
}

func mapConnections(n int, up, down bool) string {
	return bounded(unit.Counted(n, "connection"), up, down)
}

// MapShort is a cell in a few columns: who wins and how many times over, or the range that is open.
func MapShort(p results.MapPair, c results.MapCell) string {
	text := c.Outcome
	switch c.Outcome {
	case results.MapWins:
		cpu, times := mapDecides(p, c)
		text = c.Winner + " " + unit.Times(times)
		if !cpu {
			text += " rate"
		}
	case results.MapUnknown:
		d := c.CPU
		if d.Same || d.Rounds == 0 || c.Throughput.Rests && !c.Throughput.Same {
			d = c.Throughput
		}
		if text = "?"; d.Rounds > 1 {
			text += " " + unit.Digits(d.Low) + "–" + unit.Times(d.High)
		}
	}
	if MapDoubted(c) {
		text += Mark
	}
	return text
}

// MapMeasured says where it was measured, for how long, and whether that can decide anything.
func MapMeasured(m *results.Map) string {
	text := fmt.Sprintf("Measured on %s: %s, %s.", place(m.Host, m.Hosts, m.Settings.Pin.Server),
		unit.Counted(m.Settings.Rounds, "round"), unit.Seconds(m.ElapsedS))
	if m.Settings.Rounds < fewestRounds {
		text += fmt.Sprintf(" So few decide nothing: intervals need %d rounds (--rounds=%d).",
			fewestRounds, fewestRounds)
	}
	return text
}

// MapKey explains the cells of the short form.
func MapKey(p results.MapPair) string {
	return fmt.Sprintf("%s 2×: for a request %s needs twice the CPU; with rate, %s answers twice as many. "+
		"same: within 5%%. ?: undecided, with the range of %s over %s.", p.B, p.A, p.B, p.A, p.B)
}
