package html

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/gate"
	"nodecompare/results/report/summary"
	"nodecompare/results/unit"
)

// historyPage is what history.html shows.
type historyPage struct {
	embedded
	Title   string
	Outcome string // "" for none
	Heading string
	Notes   []string
	Modes   []styledMode
	Parts   []historyPart
	Records dataTable
}

// historyPart is a workload's part: the plots of all its figures.
type historyPart struct{ ID, Name string }

// WriteHistory writes a page with a small plot for each figure, over the time at which the records
// were made. Title and outcome say how the latest compares.
func WriteHistory(out io.Writer, h gate.History, title, outcome string) error {
	t, err := pageTemplate("history.html")
	if err != nil {
		return err
	}
	p := historyPage{Title: title, Outcome: outcome, Heading: summary.HistoryHeading(h), Notes: summary.HistoryNotes(h),
		Records: historyRecords(h)}
	var workloads, names []string
	for _, l := range h.Lines {
		if !slices.Contains(workloads, l.Workload) {
			workloads = append(workloads, l.Workload)
		}
		if !slices.Contains(names, l.Mode) {
			names = append(names, l.Mode)
			p.Modes = append(p.Modes, styledMode{results.Mode{Name: l.Mode}, len(p.Modes) % looksKnown})
		}
	}
	data := scriptData{Modes: names}
	for i, w := range workloads {
		part := historyPart{ID: fmt.Sprintf("w%d", i+1), Name: w}
		p.Parts = append(p.Parts, part)
		data.Parts = append(data.Parts, partData{ID: part.ID, Figures: historyFigures(h, part, names)})
	}
	if p.embedded, err = embedding(data, false); err != nil {
		return err
	}
	if err := t.ExecuteTemplate(out, "history.html", p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// historyFigures are a workload's: one for each metric at each load, with a line for each mode.
func historyFigures(h gate.History, part historyPart, modes []string) (all []figure) {
	for _, l := range h.Lines {
		if l.Workload != part.Name {
			continue
		}
		title := l.Metric + ", " + summary.LoadName(l.At)
		i := slices.IndexFunc(all, func(f figure) bool { return f.Title == title })
		if i < 0 {
			i = len(all)
			all = append(all, historyFigure(h, l, fmt.Sprintf("%s-f%d", part.ID, i+1), title))
		}
		all[i].addLine(h, l, slices.Index(modes, l.Mode))
	}
	for i := range all {
		all[i].Plot.Y.Log = wantsLog(all[i].Plot.Series)
	}
	return all
}

func historyFigure(h gate.History, l gate.Line, id, title string) figure {
	better := "higher is better"
	if l.LessIsBetter {
		better = "lower is better"
	}
	if l.Relative {
		better += ", held against the yardstick"
	}
	f := figure{ID: id, Title: title, Unit: better, Label: title + ", record by record.",
		Table: &dataTable{Caption: title, Head: []string{"Record"}},
		Plot:  plot{X: plotAxis{Kind: "date"}, Y: plotAxis{Kind: historyKinds[l.Unit]}}}
	for _, m := range h.Moments {
		f.Table.Rows = append(f.Table.Rows, dataRow{Name: summary.Moment(m)})
	}
	return f
}

// historyKinds are the kinds of an axis, by a figure's unit.
var historyKinds = map[string]string{"requests/s": "rate", "us": "time", "threads": "count", "bytes": "bytes",
	"1": "share"}

// addLine draws a mode's figures, with a gap where two records cannot be compared.
func (f *figure) addLine(h gate.History, l gate.Line, mode int) {
	s := plotLine{Mode: mode, Line: true, Marks: true}
	point := func(at int64, value, low, high float64) {
		s.Times = append(s.Times, at)
		s.Y = append(s.Y, plotNumber(value))
		s.Low, s.High = append(s.Low, plotNumber(low)), append(s.High, plotNumber(high))
	}
	f.Table.Head = append(f.Table.Head, l.Mode)
	write := summary.HistoryWriter(l)
	said := []string{}
	for i, e := range l.Figures {
		f.Table.Rows[i].Cells = append(f.Table.Rows[i].Cells, estimateCell(e, write))
		at := h.Moments[i].Started.Unix()
		if len(h.Moments[i].Apart) > 0 {
			point(at-1, nothing, nothing, nothing)
		}
		if e.N > 0 {
			point(at, e.Value, e.Low, e.High)
			said = append(said, write(e.Value))
		}
	}
	f.Plot.Series, f.Modes = append(f.Plot.Series, s), append(f.Modes, mode)
	f.Label += " " + l.Mode + ": " + strings.Join(said, ", ") + "."
}

// historyRecords say what each record is.
func historyRecords(h gate.History) dataTable {
	t := dataTable{Caption: "The records, the oldest first",
		Head: []string{"Made", "File", "Version", "Rounds", "Compared with the one before"}}
	for _, m := range h.Moments {
		apart := "can be"
		if len(m.Apart) > 0 {
			apart = "cannot be: " + strings.Join(m.Apart, "; ")
		}
		t.Rows = append(t.Rows, dataRow{Name: summary.Moment(m),
			Cells: plainCells(m.Name, m.ToolVersion, unit.Count(m.Rounds), apart)})
	}
	if len(t.Rows) > 0 {
		t.Rows[0].Cells[3].Value = unit.Missing
	}
	return t
}
