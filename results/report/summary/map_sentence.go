package summary

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// MapSentences sum up a pair's cells in plain words: does the model matter for work like mine?
func MapSentences(m *results.Map, p results.MapPair) []string {
	all := []string{MapScore(p)}
	for _, mode := range []string{p.A, p.B} {
		if s := mapMost(p, mode); s != "" {
			all = append(all, s)
		}
	}
	throughput := func(c results.MapCell) results.MapComparison { return c.Throughput }
	cpu := func(c results.MapCell) results.MapComparison { return c.CPU }
	computing := func(c results.MapCell) int { return c.CPUUS }
	waiting := func(c results.MapCell) int { return c.WaitMS }
	if len(m.Settings.CPUs) > 1 {
		all = append(all,
			mapShares(p, "Throughput by computing", m.Settings.CPUs, MapCPU, computing, throughput),
			mapShares(p, "CPU per request by computing", m.Settings.CPUs, MapCPU, computing, cpu))
	}
	if len(m.Settings.Waits) > 1 {
		all = append(all, mapShares(p, "Throughput by waiting", m.Settings.Waits, MapWait, waiting, throughput))
	}
	if mapUnsure(p) {
		all = append(all, "Most rates are undecided: more rounds (--rounds) or a quieter machine would narrow "+
			"them. CPU per request suffers less.")
	}
	return all
}

// mapMost names the cell where a mode gains most in throughput; "" if it gains nothing.
func mapMost(p results.MapPair, mode string) string {
	var most results.MapCell
	best := 0.0
	for _, c := range p.Cells {
		ratio := c.Throughput.Ratio
		if mode == p.B && ratio > 0 {
			ratio = 1 / ratio
		}
		if c.Throughput.Better == mode && ratio > best {
			most, best = c, ratio
		}
	}
	if best == 0 {
		return ""
	}
	return fmt.Sprintf("The most that %s gains is %s times the throughput: %s.", mode, unit.Digits(best),
		MapPoint(most.MapPoint))
}

// mapUnsure reports whether noise hid most cells' throughput.
func mapUnsure(p results.MapPair) bool {
	unsure := 0
	for _, c := range p.Cells {
		if c.Throughput.Rounds > 0 && c.Throughput.Better == "" && !c.Throughput.Same {
			unsure++
		}
	}
	return 2*unsure > len(p.Cells)
}

// mapShares says in how many cells a figure differs, for each value along one side of the grid.
func mapShares(p results.MapPair, title string, values []int, write func(int) string,
	side func(results.MapCell) int, figure func(results.MapCell) results.MapComparison) string {
	values = slices.Sorted(slices.Values(values))
	var parts []string
	for _, v := range values {
		differs, same, all := 0, 0, 0
		for _, c := range p.Cells {
			if side(c) != v {
				continue
			}
			all++
			if compared := figure(c); compared.Better != "" {
				differs++
			} else if compared.Same {
				same++
			}
		}
		parts = append(parts, fmt.Sprintf("%s: differs in %d of %d, same in %d", write(v), differs, all, same))
	}
	return title + ": " + strings.Join(parts, "; ") + "."
}

// MapHeading says where and how was measured.
func MapHeading(m *results.Map) string {
	s := m.Settings
	return fmt.Sprintf("%s %s on %s. %s, seed %d. %s", m.Tool, m.ToolVersion, hostOf(m.Host),
		unit.Counted(s.Rounds, "round"), s.Seed,
		loadOf(results.Settings{Engine: "loop", Pin: s.Pin}))
}

// MapRemarks returns what a reader must know of how it went.
func MapRemarks(m *results.Map) []string {
	var all []string
	for _, missing := range m.Settings.Missing {
		all = append(all, "LEFT OUT: "+missing.Reason)
	}
	for _, f := range m.Failures {
		all = append(all, "FAILED: "+f)
	}
	if m.Partial {
		all = append(all,
			fmt.Sprintf("PARTIAL: the map was interrupted; it holds what %s had measured by then.",
				unit.Counted(len(m.Runs), "run")))
	}
	void, failing, limited := 0, 0, false
	for _, p := range m.Pairs {
		for _, c := range p.Cells {
			void, failing = void+c.OfA.Void+c.OfB.Void, failing+c.OfA.Failing+c.OfB.Failing
			limited = limited || MapDoubted(c)
		}
	}
	if void > 0 {
		all = append(all, "VOID: some runs are left out, since the machine or the load was disturbed "+
			"too much. --format=json has the reasons.")
	}
	if failing > 0 {
		all = append(all, "Runs with more than 1% of errors are left out; --format=json has them.")
	}
	if limited {
		all = append(all, Mark+" SUSPECT: the load generator was at its own limit in half of the rounds or "+
			"more. Throughput there is the generator's; CPU per request is sound.")
	}
	return all
}

// MapLegend explains the words of the full grids.
func MapLegend(m *results.Map) string {
	s := "How to read it: each connection sends a request when it has its answer. The request waits, then computes " +
		"on the server's own thread. rate (requests per second) and CPU (the server's CPU time for a request) are " +
		"the better mode's figure over the other's, where the whole interval lies beyond 5%. same: it lies within. " +
		"?: undecided, with the range of the first mode over the second. " +
		"A mode wins a cell by its CPU, or by its rate where a request computes for 5 ms or more. It does not win " +
		"if the other figure surely says the opposite. Where the first figure is the same, the other one decides. "
	if len(strings.FieldsFunc(m.Settings.Pin.Server, func(r rune) bool { return r == ',' || r == '-' })) == 1 {
		s += "The servers had one CPU: a model that could use several could not show it (--pin). "
	}
	return s + ratioNote(m.Settings.Rounds)
}

// ratioNote explains the ratios and their intervals.
func ratioNote(rounds int) string {
	if stat.Median(make([]float64, rounds)).Confidence < stat.Confidence {
		return IntervalNote(rounds)
	}
	return fmt.Sprintf(
		"Ratios are geometric means over %d rounds, their intervals of 95%%, or 99%% for what a cell rests on.", rounds)
}
