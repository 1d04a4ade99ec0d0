package results

import (
	"maps"
	"slices"

	"nodecompare/results/stat"
)

// mapErrors is the share of a run's requests that may fail without the run being another load than
// the one that was meant.
const mapErrors = 0.01

func (r MapRun) void() bool { return r.Trust != nil && r.Trust.Status == Void }
func (r MapRun) failing() bool {
	return float64(r.Errors) > mapErrors*float64(r.Requests) || r.Requests == 0
}
func (r MapRun) counts() bool { return !r.void() && !r.failing() }

// limited says that throughput was the generator's.
func (r MapRun) limited() bool {
	return r.Trust != nil && slices.Contains(r.Trust.Rules, RuleGeneratorCPU)
}

// Judge fills Pairs with what the runs say, by the rule of a bench (docs/method.md): what is said
// of a cell rests on one figure. A difference must lie beyond MapFloor with its whole interval, and
// two are the same when it lies within. There is no correction for the number of cells: a map of
// many cells may show a false one here and there, and is to be read as a landscape.
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

// Points are the cells of the grid: by connections, then waits, then CPU times.
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
	// Where the generator was the limit two servers seem equal, and are not known to be.
	if 2*max(c.OfA.Limited, c.OfB.Limited) >= max(1, throughput.Rounds) {
		throughput.Same = false
	}
	c.Throughput, c.CPU = throughput.ofMap(), cpu.ofMap()
	c.Outcome, c.Winner = outcome(*primary, *other)
	return c
}

// outcome is the cell's word. It rests on the primary figure; where that is the same, on the other
// one. Else the other can only speak against it: what it leaves open makes no winner, and stops
// none.
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

// byRound are the figures of one mode in one cell.
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

// paired pairs the figures of a with the other ones, of b.
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
