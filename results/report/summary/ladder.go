package summary

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// scalability returns a mode's figures as connections are added, and how many it holds.
func (s sheet) scalability(f results.Finding) []Group {
	figures := Group{Label: along(s.rungs)}
	figures.add(s.loadArrows(results.Throughput, func(v []float64, has []bool) string {
		return unit.Arrows(v, has, unit.Rate) + " req/s"
	}))
	figures.add(s.loadArrows(results.P99, func(v []float64, has []bool) string {
		return "p99 " + unit.Series(v, has, unit.Durations)
	}))
	figures.add(s.arrows(s.rungs, results.Threads,
		func(v []float64, has []bool) string { return unit.Arrows(v, has, unit.Count[float64]) + " threads" }))
	figures.add(s.arrows(s.rungs, results.Memory, func(v []float64, has []bool) string {
		return unit.Series(v, has, unit.Sizes) + " memory"
	}))
	knee := Group{Label: "knee"}
	knee.add(s.scaling(f, func(x results.Scaling) string {
		if x.Knee == 0 {
			return unit.Missing
		}
		return unit.Counted(x.Knee, "connection")
	}))
	held := Group{Label: "p99 ≤ " + unit.Micros(s.r.Settings.SLOUS)}
	held.add(s.scaling(f, func(x results.Scaling) string {
		switch {
		case x.Most == 0, s.r.Settings.SLOUS <= 0:
			return unit.Missing
		case x.Held == 0:
			return "at no number tried"
		case x.Held >= x.Most:
			return fmt.Sprintf("up to %s, the most tried", unit.Count(x.Most))
		}
		return fmt.Sprintf("up to %s", unit.Counted(x.Held, "connection"))
	}))
	failed := Group{Label: "errors"}
	failed.add(s.errors())
	return slices.Concat([]Group{figures, knee, held}, s.overload(), []Group{failed})
}

// scaling writes what follows from a mode's whole ladder, with the marks of its rungs.
func (s sheet) scaling(f results.Finding, text func(results.Scaling) string) []string {
	return s.each(func(mode string) string {
		for _, x := range f.Scaling {
			if x.Mode != mode {
				continue
			}
			t := text(x)
			if t != unit.Missing {
				mark, _ := Doubted(s.r, s.w, mode, results.ClosedAtAll(s.w.Connections())...)
				t += mark
			}
			return t
		}
		return unit.Missing
	})
}

// arrows returns a line of a figure along some rungs.
func (s sheet) arrows(rungs []int, of results.Figure, write func(v []float64, has []bool) string) []string {
	return s.each(func(mode string) string {
		var values []float64
		var has []bool
		for _, n := range rungs {
			e, ok := s.r.Estimate(s.w.Name, mode, results.ClosedAt(n), of)
			values, has = append(values, e.Value), append(has, ok)
		}
		if !slices.Contains(has, true) {
			return unit.Missing
		}
		return write(values, has)
	})
}

// loadArrows returns arrows of what the load saw, with their marks.
func (s sheet) loadArrows(of results.Figure, write func(v []float64, has []bool) string) []string {
	cells := s.arrows(s.rungs, of, write)
	for i, m := range s.r.Settings.Modes {
		if cells[i] != unit.Missing {
			mark, _ := Doubted(s.r, s.w, m.Name, results.ClosedAtAll(s.rungs)...)
			cells[i] += mark
		}
	}
	return cells
}

// along names the rungs between the arrows.
func along(rungs []int) string {
	if len(rungs) == 1 {
		return unit.Counted(rungs[0], "connection")
	}
	parts := make([]string, len(rungs))
	for i, n := range rungs {
		parts[i] = unit.Count(n)
	}
	return strings.Join(parts, " → ") + " connections"
}

// errors returns the line of errors, which is missing if no mode had any.
func (s sheet) errors() []string {
	cells := s.each(func(mode string) string { return errorLine(s.r, s.w, mode) })
	if slices.ContainsFunc(cells, func(c string) bool { return c != unit.Missing }) {
		for i := range cells {
			if cells[i] == unit.Missing {
				cells[i] = "0"
			}
		}
	}
	return cells
}

// errorLine sums the errors over all trials and rungs. Throughput and latency do not include them,
// so they must be shown.
func errorLine(r *results.Record, w results.Workload, mode string) string {
	var requests, failed uint64
	kinds := map[string]uint64{}
	for _, t := range r.Trials {
		if t.Workload != w.Name || t.Mode != mode {
			continue
		}
		for _, rung := range t.Rungs {
			requests, failed = requests+rung.Requests, failed+rung.Errors
			for k, n := range rung.ErrorKinds {
				kinds[k] += n
			}
		}
	}
	if failed == 0 {
		return unit.Missing
	}
	var by []string
	for k := range kinds {
		by = append(by, k)
	}
	slices.SortFunc(by, func(a, b string) int {
		if kinds[a] != kinds[b] {
			return int(kinds[b]) - int(kinds[a])
		}
		return strings.Compare(a, b)
	})
	for i, k := range by {
		by[i] = unit.Count(kinds[k]) + " " + k
	}
	return fmt.Sprintf("%s (%s): %s", unit.Count(failed), unit.Share(failed, requests), strings.Join(by, ", "))
}
