package results_test

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nodecompare/results"
)

var aCell = results.MapPoint{WaitMS: 10, CPUUS: 100, Connections: 16}

// mapRuns are a mode's, a round each, of that throughput and CPU per request.
func mapRuns(mode string, rps, cpu []float64) []results.MapRun {
	var runs []results.MapRun
	for i := range rps {
		runs = append(runs, results.MapRun{
			MapPoint: aCell, Mode: mode, Round: i + 1, Requests: 1000, ThroughputRPS: rps[i], PerRequestUS: cpu[i],
			Trust: &results.Trust{Status: results.Valid, Reasons: []string{}},
		})
	}
	return runs
}

func mapOf(runs ...[]results.MapRun) *results.Map {
	m := &results.Map{Settings: results.MapSettings{
		Rounds: 6, Modes: []results.Mode{{Name: "a"}, {Name: "b"}}, Waits: []int{10}, CPUs: []int{100},
		Connections: []int{16},
	}}
	for _, r := range runs {
		m.Runs = append(m.Runs, r...)
	}
	return m
}

// about is six rounds that are all within a hundredth of v.
func about(v float64) []float64 {
	return []float64{v, 1.01 * v, 0.99 * v, 1.005 * v, 0.995 * v, v}
}

func onlyCell(t testing.TB, m *results.Map) results.MapCell {
	t.Helper()
	m.Judge()
	if len(m.Pairs) != 1 || len(m.Pairs[0].Cells) != 1 || m.Pairs[0].A != "a" || m.Pairs[0].B != "b" {
		t.Fatalf("pairs: %+v", m.Pairs)
	}
	return m.Pairs[0].Cells[0]
}

func TestMapOutcomes(t *testing.T) {
	flat := about(1000)
	leaning := []float64{1000, 1500, 1100, 1600, 1050, 1400}
	wild := []float64{700, 1000, 1300, 900, 1100, 1000}
	for _, c := range []struct {
		name             string
		rpsA, cpuA       []float64
		outcome, winner  string
		throughput, cpu  string // who is better
		same, cheapsSame bool
	}{
		{"the same", flat, flat, results.MapSame, "", "", "", true, true},
		{"more throughput", about(1200), flat, results.MapWins, "a", "a", "", false, true},
		{"less throughput", about(800), flat, results.MapWins, "b", "b", "", false, true},
		{"less CPU", flat, about(500), results.MapWins, "a", "", "a", true, false},
		{"more of both", about(1200), about(1200), results.MapTradeOff, "", "a", "b", false, false},
		{"ahead in both", about(1200), about(800), results.MapWins, "a", "a", "a", false, false},
		{"a difference below the floor", about(1030), flat, results.MapSame, "", "", "", true, true},
		{"a median beyond the floor, an interval that is not", about(1055), flat, results.MapUnknown, "",
			"", "", false, true},
		{"noise", wild, flat, results.MapUnknown, "", "", "", false, true},
		{"noise beside a difference", wild, about(500), results.MapWins, "a", "", "a", false, false},
		{"a difference beside noise that leans the other way", about(1200), leaning, results.MapUnknown, "",
			"a", "", false, false},
	} {
		got := onlyCell(t,
			mapOf(mapRuns("a", c.rpsA, c.cpuA),
				mapRuns("b", []float64{1000, 1000, 1000, 1000, 1000, 1000},
					[]float64{1000, 1000, 1000, 1000, 1000, 1000})))
		if got.Outcome != c.outcome || got.Winner != c.winner || got.Throughput.Better != c.throughput ||
			got.CPU.Better != c.cpu ||
			got.Throughput.Same != c.same || got.CPU.Same != c.cheapsSame {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// Where requests compute for long, how many cores a mode can use is what tells modes apart: there a
// cell rests on throughput.
func TestMapRestsOnOneFigure(t *testing.T) {
	leaning := []float64{1000, 1500, 1100, 1600, 1050, 1400}
	for _, c := range []struct {
		cpuUS  int
		winner string
		rests  bool // on throughput
	}{{4999, "", false}, {5000, "a", true}} {
		m := mapOf(mapRuns("a", about(1200), leaning), mapRuns("b", about(1000), about(1000)))
		m.Settings.CPUs[0] = c.cpuUS
		for i := range m.Runs {
			m.Runs[i].CPUUS = c.cpuUS
		}
		got := onlyCell(t, m)
		if got.Winner != c.winner || got.Throughput.Rests != c.rests || got.CPU.Rests == c.rests {
			t.Errorf("%d µs: %+v", c.cpuUS, got)
		}
		for _, f := range []results.MapComparison{got.Throughput, got.CPU} {
			if want := map[bool]float64{true: 0.99, false: 0.95}[f.Rests]; f.Confidence != want {
				t.Errorf("%d µs: %+v, want an interval of %v", c.cpuUS, f, want)
			}
		}
	}
}

// Runs that do not count leave no pair; with five rounds there is no interval to conclude from.
func TestMapLeavesRunsOut(t *testing.T) {
	made := func(change func(*results.MapRun)) results.MapCell {
		m := mapOf(mapRuns("a", about(2000), about(500)), mapRuns("b", about(1000), about(1000)))
		change(&m.Runs[0])
		return onlyCell(t, m)
	}
	for name, change := range map[string]func(*results.MapRun){
		"VOID":     func(r *results.MapRun) { r.Trust = &results.Trust{Status: results.Void} },
		"failing":  func(r *results.MapRun) { r.Errors = 11 },
		"no run":   func(r *results.MapRun) { r.Mode = "c" },
		"no words": func(r *results.MapRun) { r.Requests = 0 },
	} {
		if c := made(change); c.Outcome != results.MapUnknown || c.Throughput.Rounds != 5 ||
			c.CPU.Rounds != 5 || c.OfA.ThroughputRPS.N != 5 || c.OfB.ThroughputRPS.N != 6 {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if c := made(func(r *results.MapRun) { r.Errors = 10 }); c.Outcome != results.MapWins {
		t.Errorf("1%% of errors: %+v", c)
	}
	m := mapOf(mapRuns("a", about(2000), make([]float64, 6)), mapRuns("b", about(1000), make([]float64, 6)))
	if c := onlyCell(t, m); c.Winner != "a" || c.CPU.Rounds != 0 || c.OfA.CPUUS.N != 0 {
		t.Errorf("no process figures: %+v", c)
	}
	if m := mapOf(); !m.Void() || onlyCell(t, m).Outcome != results.MapUnknown {
		t.Errorf("no runs at all: %+v", m)
	}
}

// Two servers that a generator at its limit sees as equal are not known to be.
func TestMapDoubtsWhatTheGeneratorLimits(t *testing.T) {
	m := mapOf(mapRuns("a", about(1000), about(1000)), mapRuns("b", about(1000), about(1000)))
	for i := range 3 {
		m.Runs[i].Trust = &results.Trust{Status: results.Suspect, Rules: []string{results.RuleGeneratorCPU}}
	}
	if c := onlyCell(t, m); c.Throughput.Same || !c.CPU.Same || c.Outcome != results.MapUnknown || c.OfA.Limited != 3 {
		t.Errorf("%+v", c)
	}
}

// Which mode is named first must not matter.
func TestMapMirrored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		figures := func(label string) []float64 {
			return rapid.SliceOfN(rapid.Float64Range(900, 1300), 6, 11).Draw(t, label)
		}
		rpsA, rpsB := figures("rps of a"), figures("rps of b")
		n := min(len(rpsA), len(rpsB))
		rpsA, rpsB = rpsA[:n], rpsB[:n]
		c := mapOf(mapRuns("a", rpsA, rpsB), mapRuns("b", rpsB, rpsA))
		d := mapOf(mapRuns("a", rpsB, rpsA), mapRuns("b", rpsA, rpsB))
		c.Judge()
		d.Judge()
		one, other := c.Pairs[0].Cells[0], d.Pairs[0].Cells[0]
		swapped := map[string]string{"a": "b", "b": "a", "": ""}
		if one.Outcome != other.Outcome || one.Winner != swapped[other.Winner] ||
			one.Throughput.Same != other.Throughput.Same ||
			math.Abs(one.Throughput.Ratio*other.Throughput.Ratio-1) > 1e-9 {
			t.Fatalf("%+v\nswapped %+v", one, other)
		}
	})
}

func TestMapPlaces(t *testing.T) {
	s := results.MapSettings{Waits: []int{0, 5}, CPUs: []int{7, 8}, Connections: []int{2, 1}}
	want := []results.MapPoint{{0, 7, 2}, {0, 8, 2}, {5, 7, 2}, {5, 8, 2}, {0, 7, 1}, {0, 8, 1}, {5, 7, 1}, {5, 8, 1}}
	if d := cmp.Diff(want, s.Points()); d != "" {
		t.Error(d)
	}
}

func TestMapEncodes(t *testing.T) {
	m := mapOf(mapRuns("a", about(1), about(2)), mapRuns("b", about(3), about(4)))
	m.Judge()
	var b bytes.Buffer
	if err := results.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	var got results.Map
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(m, &got); d != "" {
		t.Error(d)
	}
}
