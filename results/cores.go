package results

import (
	"slices"

	"nodecompare/results/stat"
)

// Cores is what each mode made of more CPUs: in each round its servers had so many of them, one
// step after another in a shuffled order, and the load of the base rung.
type Cores struct {
	// event loops of async, and processes of Node.js's cluster: auto is one for each CPU
	Loops  string     `json:"loops"`
	Steps  []CoreStep `json:"steps"`  // from the fewest CPUs to the most
	Trials []Trial    `json:"trials"` // in the order in which they ran; no words rest on them
}

// CoreStep is a number of CPUs, and which they were.
type CoreStep struct {
	Cores int    `json:"cores"`
	CPUs  string `json:"cpus"` // as in 0-2,5
}

// CorePoint is what a mode did on so many CPUs: medians over the rounds.
type CorePoint struct {
	Cores      int
	Throughput stat.Estimate
	CPU        stat.Estimate // per request, in microseconds; none where the system does not tell
	// SpeedUp is the throughput over that on the fewest CPUs, in the same round; Efficiency is the
	// part of it that as many times the CPUs would give at best. Neither is there for the fewest.
	SpeedUp, Efficiency stat.Estimate
	Doubted             bool // a run that it rests on is SUSPECT
}

// leastLawSteps are the fewest steps through which the law is drawn: three parameters go through
// three points, whatever these are.
const leastLawSteps = 5

// of is the trials on so many CPUs, as a record of its own.
func (c *Cores) of(r *Record, cores int) *Record {
	on := Record{Settings: r.Settings}
	for _, t := range c.Trials {
		if t.Cores == cores {
			on.Trials = append(on.Trials, t)
		}
	}
	return &on
}

// Points are a mode's on a workload, one for each step that was measured.
func (c *Cores) Points(r *Record, w Workload, mode string) []CorePoint {
	var points []CorePoint
	for i, step := range c.Steps {
		on := c.of(r, step.Cores)
		p := CorePoint{Cores: step.Cores}
		var ok bool
		if p.Throughput, ok = on.Estimate(w.Name, mode, Base(w), Throughput); !ok {
			continue
		}
		p.CPU, _ = on.Estimate(w.Name, mode, Base(w), CPUPerRequest)
		if i > 0 {
			p.SpeedUp = stat.Median(c.speedUps(w, mode, step.Cores))
			p.Efficiency = p.SpeedUp
			share := float64(c.Steps[0].Cores) / float64(step.Cores)
			for _, v := range []*float64{&p.Efficiency.Value, &p.Efficiency.Low, &p.Efficiency.High} {
				*v *= share
			}
		}
		p.Doubted = slices.ContainsFunc(on.Trials, func(t Trial) bool {
			rung, ok := t.Rung(Base(w))
			return ok && t.Workload == w.Name && t.Mode == mode && rung.Trust != nil && rung.Trust.Status == Suspect
		})
		points = append(points, p)
	}
	return points
}

// speedUps are, round by round, the throughput on so many CPUs over that on the fewest.
func (c *Cores) speedUps(w Workload, mode string, cores int) []float64 {
	fewest, now := map[int]float64{}, map[int]float64{}
	for _, t := range c.Trials {
		if t.Workload != w.Name || t.Mode != mode {
			continue
		}
		rps, ok := t.Read(Base(w), Throughput)
		switch {
		case !ok || rps <= 0:
		case t.Cores == c.Steps[0].Cores:
			fewest[t.Round] = rps
		case t.Cores == cores:
			now[t.Round] = rps
		}
	}
	var all []float64
	for round, rps := range now {
		if least, ok := fewest[round]; ok {
			all = append(all, rps/least)
		}
	}
	return all
}

// Law is the Universal Scalability Law over the CPUs, fitted to each round: σ is what of a
// request's work only one CPU can do at a time, κ what each CPU costs every other. nil for fewer
// than five steps.
func (c *Cores) Law(w Workload, mode string) *USL {
	if len(c.Steps) < leastLawSteps {
		return nil
	}
	n, x := map[int][]float64{}, map[int][]float64{}
	for _, t := range c.Trials {
		if rps, ok := t.Read(Base(w), Throughput); ok && rps > 0 && t.Workload == w.Name && t.Mode == mode {
			n[t.Round], x[t.Round] = append(n[t.Round], float64(t.Cores)), append(x[t.Round], rps)
		}
	}
	var f fits
	for round := range n {
		f.add(n[round], x[round])
	}
	return f.law()
}

// Measured says that a workload has trials among them: those that mostly wait have none.
func (c *Cores) Measured(workload string) bool {
	return slices.ContainsFunc(c.Trials, func(t Trial) bool { return t.Workload == workload })
}
