package results

import (
	"maps"
	"slices"

	"nodecompare/results/stat"
)

// mapErrors is the share of requests above which failures make a run a different load.
const mapErrors = 0.01

func (r MapRun) void() bool { return r.Trust != nil && r.Trust.Status == Void }
func (r MapRun) failing() bool {
	return float64(r.Errors) > mapErrors*float64(r.Requests) || r.Requests == 0
}
func (r MapRun) counts() bool { return !r.void() && !r.failing() }

// limited reports whether the generator bounded the throughput.
func (r MapRun) limited() bool {
	return r.Trust != nil && slices.Contains(r.Trust.Rules, RuleGeneratorCPU)
}

// Judge fills Pairs from the runs, by the rule of a bench (docs/method.md): a cell's outcome rests
// on one figure. Two modes differ if the whole interval lies beyond MapFloor, and are the same if
// it lies within. Judge does not correct for the number of cells: a map of many cells may show a
// few false ones, and should be read as a whole.
func (m *Map) Judge() {
	m.Pairs = nil
	for i, a := range m.Settings.Modes {
		for _, b := range m.Settings.Modes[i+1:] {
			p := MapPair{A: a.Name, B: b.Name}
			for _, at := range m.Settings.Points() {
				p.Cells = append(p.Cells, m.cell(at, a.Name, b.Name))
			}
			m.Pairs = append(m.Pairs, p)
		}
	}
}

// Points returns the grid's cells: by connections, then waits, then CPU times.
func (s MapSettings) Points() []MapPoint {
	var all []MapPoint
	for _, n := range s.Connections {
		for _, wait := range s.Waits {
			for _, cpu := range s.CPUs {
				all = append(all, MapPoint{wait, cpu, n})
			}
		}
	}
	return all
}

func (m *Map) cell(at MapPoint, a, b string) MapCell {
	c := MapCell{MapPoint: at}
	ofA, ofB := m.figures(at, a), m.figures(at, b)
	c.OfA, c.OfB = ofA.MapFigures, ofB.MapFigures
	throughput := ofA.throughput.paired(ofB.throughput, a, b, false)
	cpu := ofA.cpu.paired(ofB.cpu, a, b, true)
	primary, other := &cpu, &throughput
	if at.CPUUS >= computing || cpu.Rounds == 0 {
		primary, other = other, primary
	}
	primary.setConfidence(wordConfidence)
	primary.Rests = true
	// If the generator was the limit, equal throughput does not prove that the servers are equal.
	if 2*max(c.OfA.Limited, c.OfB.Limited) >= max(1, throughput.Rounds) {
		throughput.Same = false
	}
	c.Throughput, c.CPU = throughput.ofMap(), cpu.ofMap()
	c.Outcome, c.Winner = outcome(*primary, *other)
	return c
}

// outcome returns a cell's word and winner. The word rests on the primary figure, or on the other
// one if the primary is the same. The other figure can veto, but if undecided it neither makes nor
// stops a winner.
func outcome(primary, other contest) (word, winner string) {
	switch {
	case primary.Better != "" && other.Better == primary.Worse():
		return MapTradeOff, ""
	case primary.Better != "":
		return MapWins, primary.Better
	case primary.Same && other.Better != "":
		return MapWins, other.Better
	case primary.Same && other.Same:
		return MapSame, ""
	}
	return MapUnknown, ""
}

// byRound holds one figure of one mode in one cell, by round.
type byRound map[int]float64

type mapFigures struct {
	MapFigures
	throughput, cpu byRound
}

func (m *Map) figures(at MapPoint, mode string) mapFigures {
	f := mapFigures{throughput: byRound{}, cpu: byRound{}}
	for _, r := range m.Runs {
		switch {
		case r.MapPoint != at || r.Mode != mode:
			continue
		case r.void():
			f.Void++
			continue
		case r.failing():
			f.Failing++
			continue
		case r.limited():
			f.Limited++
		}
		if r.ThroughputRPS > 0 {
			f.throughput[r.Round] = r.ThroughputRPS
		}
		if r.PerRequestUS > 0 {
			f.cpu[r.Round] = r.PerRequestUS
		}
	}
	f.ThroughputRPS, f.CPUUS = f.throughput.estimate(), f.cpu.estimate()
	return f
}

func (f byRound) estimate() stat.Estimate {
	values := make([]float64, 0, len(f))
	for _, v := range f {
		values = append(values, v)
	}
	return stat.Median(values)
}

// paired pairs the figures of mode a with those of mode b.
func (f byRound) paired(other byRound, a, b string, lessIsBetter bool) contest {
	c := contest{Comparison: Comparison{A: a, B: b, Floor: MapFloor}, lessIsBetter: lessIsBetter}
	c.logs = slices.Collect(maps.Values(logRatios(f, other)))
	c.Rounds = len(c.logs)
	c.setConfidence(stat.Confidence)
	return c
}

func (c contest) ofMap() MapComparison {
	return MapComparison{
		Rounds: c.Rounds, Ratio: c.Ratio, Low: c.Low, High: c.High, Confidence: c.Confidence,
		Better: c.Better, Same: c.Same, Rests: c.Rests,
	}
}
