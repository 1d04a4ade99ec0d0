package html

import (
	"fmt"
	"math"
	"slices"

	"nodecompare/results"
	"nodecompare/results/report/summary"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// overloadPoints is about how many a line has.
const overloadPoints = 50

// overloadFigure draws which part of the requests was answered in time, by when they were due:
// before, in and after the surge.
func overloadFigure(r *results.Record, w results.Workload, id string) (figure, bool) {
	surge := w.Surge
	if surge == nil {
		return figure{}, false
	}
	whole := surge.ForS + surge.ThenS
	if !(surge.ForS > 0 && surge.ThenS >= 0) || math.IsInf(whole, 1) { // a record may be edited by hand
		return figure{}, false
	}
	f := figure{
		ID: id + "-overload", Title: "Overload",
		Unit: "% of the requests due at a time that were answered in time", XAxis: "seconds since the surge began",
		Reads: fmt.Sprintf("Higher is better. For %s requests come at %s times what each server can do, and "+
			"then at %s times: where the line falls clients wait for longer than %s, and where it rises "+
			"again the server has got over it. "+
			"The band reaches from the worst round to the best.", unit.Micros(1e6*surge.ForS),
			unit.Digits(surge.Times), unit.Digits(surge.Then), unit.Micros(r.Settings.SLOUS)),
		Label: "Part of the requests that was answered in time, in and after a surge.",
	}
	f.Plot = plot{X: plotAxis{Kind: "seconds"}, Y: plotAxis{Kind: "percent"}}
	for s := 0.0; s < whole; s += max(surge.ForS, whole/overloadPoints) {
		f.Plot.X.Ticks = append(f.Plot.X.Ticks, plotNumber(s))
	}
	f.Table = &dataTable{
		Caption: fmt.Sprintf("What became of the requests of %s that were due in the surge", w.Name),
		Head: []string{"Mode", "Offered, requests/s", "Goodput, requests/s", "Answered", "Lost",
			"Most in flight", "Recovery"},
	}
	for i, m := range r.Settings.Modes {
		line := inTimeLine(r, w, m.Name)
		if len(line.X) == 0 {
			continue
		}
		line.Mode = i
		f.Plot.Series = append(f.Plot.Series, line)
		f.Modes = append(f.Modes, i)
		figure := func(f results.Figure) dataCell {
			e, _ := r.Estimate(w.Name, m.Name, results.AtOverload, f)
			return estimateCell(e, unit.Writer(f.Unit))
		}
		inTime, losses, recovery := summary.OverloadOf(r, w, m.Name)
		f.Table.Rows = append(f.Table.Rows, dataRow{Name: m.Name, Cells: []dataCell{
			figure(results.Offered), figure(results.Goodput), {Value: inTime}, {Value: losses},
			figure(results.MostAtOnce), {Value: recovery},
		}})
		f.Label += fmt.Sprintf(" %s: %s, %s; %s.", m.Name, inTime, losses, recovery)
	}
	return f, len(f.Plot.Series) > 0
}

// inTimeLine is a mode's part that was answered in time, in percent, the rounds' median and their
// whole range.
func inTimeLine(r *results.Record, w results.Workload, mode string) plotLine {
	var outcomes []results.SurgeOutcome
	for _, t := range r.Trials {
		if t.Workload != w.Name || t.Mode != mode {
			continue
		}
		if rung, ok := t.Rung(results.AtOverload); ok && rung.SurgeOutcome != nil {
			outcomes = append(outcomes, *rung.SurgeOutcome)
		}
	}
	line := plotLine{Line: true, Band: len(outcomes) > 1}
	if len(outcomes) == 0 {
		return line
	}
	steps := len(outcomes[0].DueInTime)
	each := max(1, steps/overloadPoints)
	for from := 0; from+each <= steps; from += each {
		var shares []float64
		for _, t := range outcomes {
			if percent, ok := inTimePercent(t, from, from+each); ok {
				shares = append(shares, percent)
			}
		}
		if len(shares) == 0 {
			continue
		}
		line.X = append(line.X, plotNumber((float64(from)+float64(each)/2)*outcomes[0].StepS))
		line.Y = append(line.Y, plotNumber(stat.Median(shares).Value)) // which sorts none of them
		if line.Band {
			line.Low, line.High = append(line.Low, plotNumber(slices.Min(shares))),
				append(line.High, plotNumber(slices.Max(shares)))
		}
	}
	return line
}

// inTimePercent is of the requests that were due in some steps; ok is false where none were.
func inTimePercent(t results.SurgeOutcome, from, to int) (percent float64, ok bool) {
	var inTime, due uint64
	for i := from; i < min(to, len(t.DueInTime), len(t.DueOtherwise)); i++ {
		inTime, due = inTime+t.DueInTime[i], due+t.DueInTime[i]+t.DueOtherwise[i]
	}
	return 100 * float64(inTime) / float64(max(1, due)), due > 0
}
