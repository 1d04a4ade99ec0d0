package results_test

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"nodecompare/results"
)

// stepped is a record of one mode whose throughput follows the law over CPUs, in three rounds of
// which each is as fast as the machine just was.
func stepped(sigma, kappa float64, cores ...int) *results.Record {
	r := &results.Record{Settings: settings("it"), Cores: &results.Cores{Loops: "auto"}}
	w := r.Settings.Workloads[0]
	for _, n := range cores {
		r.Cores.Steps = append(r.Cores.Steps, results.CoreStep{Cores: n})
	}
	for round, speed := range []float64{1, 0.7, 1.3} {
		for _, n := range slices.Backward(cores) {
			c := float64(n)
			r.Cores.Trials = append(r.Cores.Trials, results.Trial{
				Workload: w.Name, Mode: "it", Round: round + 1, Cores: n,
				Rungs: []results.Rung{{Load: results.Closed, Connections: w.Base, Requests: 1000,
					ThroughputRPS: speed * 1000 * c / (1 + sigma*(c-1) + kappa*c*(c-1)),
					Process:       &results.Process{CPUUSPerRequest: 10 * speed}}},
			})
		}
	}
	return r
}

// A speed-up is of two runs of the same round, so that what made a whole round slow is not in it.
func TestSpeedUpOverCores(t *testing.T) {
	r := stepped(0.1, 0, 1, 2, 4)
	w := r.Settings.Workloads[0]
	points := r.Cores.Points(r, w, "it")
	if len(points) != 3 || points[0].SpeedUp.N != 0 || points[0].CPU.Value != 10 {
		t.Fatalf("%+v", points)
	}
	for i, want := range map[int]float64{1: 2 / 1.1, 2: 4 / 1.3} {
		p := points[i]
		if s := p.SpeedUp; s.N != 3 || math.Abs(s.Value-want) > 1e-9 || math.Abs(s.High-s.Low) > 1e-9 {
			t.Errorf("%d CPUs: %+v, want %v", p.Cores, s, want)
		}
		if e := p.Efficiency.Value; math.Abs(e-want/float64(p.Cores)) > 1e-9 {
			t.Errorf("%d CPUs: efficiency %v of a speed-up of %v", p.Cores, e, want)
		}
	}
	if r.Cores.Law(w, "it") != nil {
		t.Error("a law of three steps")
	}
}

// Runs of which nothing may be concluded are left out, and those that deserve doubt are marked.
func TestDoubtOverCores(t *testing.T) {
	r := stepped(0, 0, 1, 2)
	w := r.Settings.Workloads[0]
	for i := range r.Cores.Trials {
		trial := &r.Cores.Trials[i]
		switch {
		case trial.Cores == 1 && trial.Round == 1:
			trial.Rungs[0].Trust = &results.Trust{Status: results.Void}
		case trial.Cores == 2 && trial.Round == 2:
			trial.Rungs[0].Trust = &results.Trust{Status: results.Suspect}
		case trial.Cores == 2 && trial.Round == 3:
			trial.Failure = "it died"
		}
	}
	points := r.Cores.Points(r, w, "it")
	if len(points) != 2 || points[0].Throughput.N != 2 || points[0].Doubted || points[1].SpeedUp.N != 1 ||
		!points[1].Doubted {
		t.Errorf("%+v", points)
	}
}

func TestLawOverCores(t *testing.T) {
	r := stepped(0.05, 0.002, 1, 2, 4, 8, 16)
	u := r.Cores.Law(r.Settings.Workloads[0], "it")
	if u == nil || math.Abs(u.Sigma.Value-0.05) > 1e-3 || math.Abs(u.Kappa.Value-0.002) > 1e-4 {
		t.Errorf("%+v", u)
	}
}

// A record of before there were steps is one without them, and is read as it was.
func TestRecordWithoutCores(t *testing.T) {
	var b bytes.Buffer
	if err := results.Encode(&b, sample()); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{`"cores": {`, `"load_threads"`} {
		if bytes.Contains(b.Bytes(), []byte(field)) {
			t.Errorf("%s stands in a record that has none", field)
		}
	}
}
