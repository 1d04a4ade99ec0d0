package html

import (
	"math"

	"nodecompare/results"
	"nodecompare/results/unit"
)

const (
	curvePoints = 48
	beyondMost  = 4 // times the ladder's top, beyond which no curve is drawn however far away its peak may be
)

// addLaw draws the Universal Scalability Law that was fitted to each mode: along the ladder, and dashed beyond it up to the
// peak it foretells. Where there is a curve the points are not joined, so that both can be seen.
func (f *figure) addLaw(r *results.Record, w results.Workload, v results.Verdict) {
	drawn := false
	law := lawTable(r, w)
	for _, finding := range v.Findings {
		for _, s := range finding.Scaling {
			i := modeIndex(r, s.Mode)
			if i < 0 {
				continue
			}
			law.addScaling(s)
			if s.USL == nil || len(w.Ladder) == 0 {
				continue
			}
			for j := range f.Plot.Series {
				if f.Plot.Series[j].Mode == i {
					f.Plot.Series[j].Line = false
				}
			}
			bottom, top := float64(w.Ladder[0].Connections), float64(w.Top())
			drawn = true
			f.Plot.Series = append(f.Plot.Series, lawCurve(i, *s.USL, bottom, top, false))
			if s.USL.Beyond {
				f.Plot.Series = append(f.Plot.Series, lawCurve(i, *s.USL, top, top*min(beyondMost, max(1.5, 1.25*s.USL.Peak/top)), true))
			}
		}
	}
	if len(law.Head) > 1 {
		f.Law = law
	}
	if drawn {
		f.Reads += " The curves are the scalability law fitted to the points, dashed where they go beyond what was measured."
	}
}

// lawCurve is the law from one number of connections to another, at even steps of their logarithm.
func lawCurve(mode int, law results.USL, from, to float64, dashed bool) plotLine {
	s := plotLine{Mode: mode, Line: true, Curve: true, Dashed: dashed}
	for k := range curvePoints {
		n := from * math.Pow(to/from, float64(k)/(curvePoints-1))
		s.X, s.Y = append(s.X, plotNumber(n)), append(s.Y, plotNumber(law.At(n)))
	}
	return s
}

func modeIndex(r *results.Record, name string) int {
	for i, m := range r.Settings.Modes {
		if m.Name == name {
			return i
		}
	}
	return -1
}

// lawTable has a column for each mode: its law, its knee and the connections that it held.
func lawTable(r *results.Record, w results.Workload) dataTable {
	t := dataTable{
		Caption: "The law fitted to the throughput of " + w.Name + ", and the most connections with p99 latency within " + unit.Micros(r.Settings.SLOUS),
		Head:    []string{"Figure"},
	}
	for _, name := range []string{"λ, requests/s of one", "σ, contention", "κ, coherency", "R² of the fit", "Peak, connections", "Knee, connections", "Held, connections"} {
		t.Rows = append(t.Rows, dataRow{Name: name})
	}
	return t
}

// addScaling adds a mode's column to a lawTable.
func (t *dataTable) addScaling(s results.Scaling) {
	column := plainCells(unit.Missing, unit.Missing, unit.Missing, unit.Missing, unit.Missing, unit.Missing, unit.Missing)
	if u := s.USL; u != nil {
		column[0], column[1], column[2] = estimateCell(u.Lambda, unit.Rate), estimateCell(u.Sigma, unit.Small), estimateCell(u.Kappa, unit.Small)
		column[3].Value, column[4].Value = unit.Digits(u.R2), "none"
		if u.Peak > 0 {
			column[4].Value = unit.Count(u.Peak)
		}
		if u.Beyond {
			column[4].Interval = "extrapolated"
		}
	}
	if s.Knee > 0 {
		column[5].Value = unit.Count(s.Knee)
	}
	if s.Most > 0 {
		column[6].Value = unit.Count(s.Held)
		if s.Held >= s.Most {
			column[6].Interval = "or more"
		}
	}
	t.Head = append(t.Head, s.Mode)
	for i, c := range column {
		t.Rows[i].Cells = append(t.Rows[i].Cells, c)
	}
}
