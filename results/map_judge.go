package results

import (
	"maps"
	"math"
	"slices"

	"nodecompare/results/stat"
)

// mapErrors is the share of a run's requests that may fail without the run being another load than the one that was meant.
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

// Judge fills Pairs with what the runs say. A difference must lie beyond MapFloor with its whole interval, and two are the same
// when it lies within; so it is in a bench (docs/method.md). There is no correction for the number of cells: a map of many cells
// may show a false one here and there, and is to be read as a landscape.
func (m *Map) Judge() {
	m.Pairs = nil
	for i, a := range m.Settings.Modes {
		for _, b := range m.Settings.Modes[i+1:] {
			p := MapPair{A: a.Name, B: b.Name}
			for _, at := range m.Settings.Places() {
				p.Cells = append(p.Cells, m.cell(at, a.Name, b.Name))
			}
			m.Pairs = append(m.Pairs, p)
		}
	}
}

// Places are the cells of the grid: by connections, then waits, then CPU times.
func (s MapSettings) Places() []MapPlace {
	var all []MapPlace
	for _, n := range s.Connections {
		for _, wait := range s.Waits {
			for _, cpu := range s.CPUs {
				all = append(all, MapPlace{wait, cpu, n})
			}
		}
	}
	return all
}

func (m *Map) cell(at MapPlace, a, b string) MapCell {
	c := MapCell{MapPlace: at}
	ofA, ofB := m.figures(at, a), m.figures(at, b)
	c.OfA, c.OfB = ofA.MapFigures, ofB.MapFigures
	c.Throughput = ofA.throughput.against(ofB.throughput, a, b, false)
	c.CPU = ofA.cpu.against(ofB.cpu, a, b, true)
	// Where the generator was the limit two servers seem equal, and are not known to be.
	if 2*max(c.OfA.Limited, c.OfB.Limited) >= max(1, c.Throughput.Rounds) {
		c.Throughput.Same = false
	}
	c.Outcome, c.Winner = outcome(c.Throughput, c.CPU)
	return c
}

// outcome is the cell's word. A mode wins that is ahead in one figure and not found behind in the other.
func outcome(throughput, cpu MapComparison) (word, winner string) {
	switch t, c := throughput.Better, cpu.Better; {
	case t != "" && c != "" && t != c:
		return MapTradeOff, ""
	case t != "":
		return MapWins, t
	case c != "":
		return MapWins, c
	case throughput.Same && cpu.Same:
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

func (m *Map) figures(at MapPlace, mode string) mapFigures {
	f := mapFigures{throughput: byRound{}, cpu: byRound{}}
	for _, r := range m.Runs {
		switch {
		case r.MapPlace != at || r.Mode != mode:
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

// against pairs the figures of a with the other ones, of b.
func (f byRound) against(other byRound, a, b string, lessIsBetter bool) MapComparison {
	ratios := map[int]float64{}
	for round, v := range f {
		if w, ok := other[round]; ok {
			ratios[round] = math.Log(v) - math.Log(w)
		}
	}
	if len(ratios) == 0 {
		return MapComparison{}
	}
	e := middle(ratios)
	c := contest{Comparison: Comparison{A: a, B: b, Floor: MapFloor, Rounds: len(ratios)}, lead: e}
	if lessIsBetter {
		c.lead = mirrored(e)
	}
	c.settle()
	return MapComparison{
		Rounds: len(ratios), Ratio: math.Exp(e.Value), Low: math.Exp(e.Low), High: math.Exp(e.High), Confidence: e.Confidence,
		Better: c.Better, Same: c.Same,
	}
}

// middle is the median of the values. Of some numbers of them (8, 11) two intervals have the same confidence, and stat.Median
// gives the lower one: this is both, so that the mirror image has the mirrored interval.
func middle(byRound map[int]float64) stat.Estimate {
	values := slices.Collect(maps.Values(byRound))
	e := stat.Median(values)
	for i := range values {
		values[i] = -values[i]
	}
	other := mirrored(stat.Median(values))
	e.Value, e.Low, e.High = (e.Value+other.Value)/2, min(e.Low, other.Low), max(e.High, other.High)
	return e
}
