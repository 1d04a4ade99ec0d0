package summary

import (
	"fmt"
	"math"
	"slices"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// Grid returns the sections of a workload. Its arrows follow the whole ladder if full is set, else
// three rungs.
func Grid(r *results.Record, w results.Workload, v results.Verdict, full bool) []Section {
	s := sheet{r, w, v, rungsShown(w)}
	if full {
		s.rungs = w.Connections()
	}
	var sections []Section
	for _, f := range v.Findings {
		made := Section{Name: f.Row, Words: s.each(f.Of)}
		var groups []Group
		switch f.Row {
		case results.RowExecution:
			groups = s.execution(f)
		case results.RowPerformance:
			groups = s.performance()
		case results.RowScalability:
			groups = append(s.scalability(f), s.heard()...)
		case results.RowIsolation:
			groups = s.isolation()
		}
		for _, g := range groups {
			if g.Lines != nil {
				g.of(w)
				made.Groups = append(made.Groups, g)
			}
		}
		if made.Groups == nil {
			made.Groups = []Group{{Lines: [][]string{s.each(func(string) string { return unit.Missing })}}}
		}
		sections = append(sections, made)
	}
	return sections
}

// execution returns the model and its evidence: the threads that ran as the requests in flight
// increased.
func (s sheet) execution(f results.Finding) []Group {
	model := Group{}
	model.add(s.each(func(mode string) string {
		for _, m := range f.Models {
			if m.Mode == mode && m.Name != "" {
				return modelName(m)
			}
		}
		return unit.Missing
	}))
	rungs := slices.Compact([]int{s.w.Base, s.w.Top()})
	evidence := Group{Label: along(rungs)}
	evidence.add(s.arrows(rungs, results.InFlight,
		func(v []float64, has []bool) string { return unit.Arrows(v, has, unit.Count[float64]) + " in flight" }))
	evidence.add(s.arrows(rungs, results.ActiveThreads, func(v []float64, has []bool) string {
		return unit.Arrows(v, has, unit.Count[float64]) + " threads active"
	}))
	return []Group{model, evidence}
}

// threadsOrProcesses names what a pool consists of: processes, if there are about as many of them
// as threads.
func threadsOrProcesses(m results.Model) string {
	if n := len(m.Steps); n > 0 && m.Steps[n-1].Processes > 1 && m.Steps[n-1].Processes >= 0.5*float64(m.Threads) {
		return "processes"
	}
	return "threads"
}

// modelName returns a model's name, with its number of threads if that belongs to the name.
func modelName(m results.Model) string {
	switch m.Name {
	case results.ThreadPool:
		return fmt.Sprintf("%s %s %s", m.Name, unit.Count(m.Threads), threadsOrProcesses(m))
	case results.EventLoop:
		switch {
		case m.Threads > 1: // loops, or the workers of one: from outside they look the same
			return fmt.Sprintf("%s (%s)", m.Name, unit.Counted(m.Threads, "busy thread"))
		case m.Threads == 1:
			return fmt.Sprintf("%s (1 loop)", m.Name)
		}
	}
	return m.Name
}

// performance returns a mode's highest throughput, and its clients' latency at two given rates.
func (s sheet) performance() []Group {
	base := results.ClosedAt(s.w.Base)
	most := Group{Label: unit.Counted(s.w.Base, "connection")}
	most.add(s.line(base, capacity))
	cpu := Group{Label: "CPU"}
	cpu.add(s.line(base, cpuPerRequest))
	cpu.add(s.line(base, databaseCPU))
	common := Group{Label: s.commonLabel()}
	common.add(s.line(results.AtCommon, lightCPU))
	common.add(s.line(results.AtCommon, idleCPU))
	for _, p := range percentiles {
		common.add(s.line(results.AtCommon, p))
	}
	own := Group{Label: atOwnRate}
	if slices.ContainsFunc(s.r.Settings.Modes, func(m results.Mode) bool { return s.has(m.Name, results.AtOwn) }) {
		own.Lines = [][]string{s.each(s.ownRate), s.each(s.ownTail)}
		if slices.ContainsFunc(s.r.Settings.Modes, func(m results.Mode) bool { return s.ownUse(m.Name) != "" }) {
			own.Lines = append(own.Lines, s.each(s.ownUse))
		}
	}
	orders := Group{Label: "orders"}
	orders.add(s.each(s.orders))
	return []Group{most, cpu, common, own, orders}
}

// orders sums up the audits of a mode's trials; it is missing where there were none.
func (s sheet) orders(mode string) string {
	var b results.Books
	audited := false
	for _, t := range s.r.Trials {
		if t.Books == nil || t.Workload != s.w.Name || t.Mode != mode {
			continue
		}
		audited = true
		b.Placed, b.Conflicts = b.Placed+t.Books.Placed, b.Conflicts+t.Books.Conflicts
		b.Retries, b.Deadlocks = b.Retries+t.Books.Retries, b.Deadlocks+t.Books.Deadlocks
	}
	if !audited {
		return unit.Missing
	}
	text := unit.Count(b.Placed) + " placed, " + unit.Counted(b.Conflicts, "conflict")
	if s.r.Settings.Database != nil {
		text += fmt.Sprintf(", %s begun anew, %s", unit.Count(b.Retries), unit.Counted(b.Deadlocks, "deadlock"))
	}
	return text
}

// commonLabel names the rate that is common to all modes.
func (s sheet) commonLabel() string {
	for _, m := range s.r.Settings.Modes {
		if e, ok := s.r.Estimate(s.w.Name, m.Name, results.AtCommon, results.Offered); ok {
			return "at " + unit.Rate(e.Value) + " req/s"
		}
	}
	return ""
}

// atOwnRate labels the load that is a share of each mode's own capacity.
const atOwnRate = "at its own rate"

// ownRate and ownTail return a mode's latency at its share of its own capacity: two lines without
// intervals, because it is the second load of the kind. A mode without such a load had it as the
// common one.
func (s sheet) ownRate(mode string) string {
	of, ok := s.r.Estimate(s.w.Name, mode, results.AtOwn, results.Offered)
	p50, answered := s.r.Estimate(s.w.Name, mode, results.AtOwn, results.P50)
	switch {
	case ok && answered:
		mark, _ := Doubted(s.r, s.w, mode, results.AtOwn)
		return fmt.Sprintf("%s req/s: p50 %s%s", unit.Rate(of.Value), unit.Micros(p50.Value), mark)
	case s.has(mode, results.AtCommon):
		return "the same rate"
	}
	return unit.Missing
}

// ownUse returns the rate's share of the throughput at the base rung, if it is more than a tenth
// off: the pilot that found it then had a better moment than the rounds, or a worse one.
func (s sheet) ownUse(mode string) string {
	of, ok := s.r.Estimate(s.w.Name, mode, results.AtOwn, results.Offered)
	most, known := s.r.Estimate(s.w.Name, mode, results.Base(s.w), results.Throughput)
	if !ok || !known || most.Value <= 0 {
		return ""
	}
	use := of.Value / most.Value
	if math.Abs(use-s.r.Settings.Share) <= 0.1 {
		return ""
	}
	return fmt.Sprintf("%.0f%% of its most", 100*use)
}

func (s sheet) ownTail(mode string) string {
	p99, ok := s.r.Estimate(s.w.Name, mode, results.AtOwn, results.P99)
	if !ok {
		return ""
	}
	tail := unit.Missing
	if far, ok := s.r.Estimate(s.w.Name, mode, results.AtOwn, results.P999); ok {
		tail = unit.Micros(far.Value)
	}
	mark, _ := Doubted(s.r, s.w, mode, results.AtOwn)
	return fmt.Sprintf("p99 %s, p99.9 %s%s", unit.Micros(p99.Value), tail, mark)
}
