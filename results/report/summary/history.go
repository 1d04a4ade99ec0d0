package summary

import (
	"fmt"
	"slices"

	"nodecompare/results/gate"
	"nodecompare/results/unit"
)

// ApartMark is beside a record that cannot be compared with the one before it.
const ApartMark = "≠ "

// Moment names a record by when it was made.
func Moment(m gate.Moment) string { return m.Started.UTC().Format("2006-01-02 15:04") }

// HistoryHeading says which records a history is of.
func HistoryHeading(h gate.History) string {
	least, most := h.Moments[0].Rounds, h.Moments[0].Rounds
	for _, m := range h.Moments {
		least, most = min(least, m.Rounds), max(most, m.Rounds)
	}
	rounds := unit.Counted(most, "round")
	if least < most {
		rounds = fmt.Sprintf("%d to %s", least, rounds)
	}
	return fmt.Sprintf("%s of %s, from %s to %s UTC.", unit.Counted(len(h.Moments), "record"), rounds,
		Moment(h.Moments[0]), Moment(h.Moments[len(h.Moments)-1]))
}

// HistoryNotes say where the records fall apart, and which figures are held against the yardstick.
func HistoryNotes(h gate.History) (notes []string) {
	for _, m := range h.Moments {
		if len(m.Apart) > 0 {
			more := ""
			if n := len(m.Apart) - 1; n > 0 {
				more = fmt.Sprintf(" (and %d more)", n)
			}
			notes = append(notes, fmt.Sprintf("%s%s (%s) cannot be compared with the record before it: %s%s.",
				ApartMark, Moment(m), m.Name, m.Apart[0], more))
		}
	}
	var beside []string
	for _, l := range h.Lines {
		if what := l.Metric + " at " + LoadName(l.At); l.Relative && !slices.Contains(beside, what) {
			beside = append(beside, what)
		}
	}
	if beside != nil {
		notes = append(notes, joinNames(beside)+": as they would be with the yardstick as fast as in the first "+
			"record, so that a machine that was slower for a while is no change.")
	}
	return notes
}

// HistoryWriter is how a line's figures are written.
func HistoryWriter(l gate.Line) func(float64) string {
	switch l.Unit {
	case "1":
		return func(v float64) string { return unit.Rounded(100*v, 4) + "%" }
	case "requests/s":
		return func(v float64) string { return unit.Rate(v) + "/s" }
	}
	return unit.Writer(l.Unit)
}

// HistoryFigure is a line's figure in a record.
func HistoryFigure(l gate.Line, moment int) string {
	e := l.Figures[moment]
	if e.N == 0 {
		return unit.Missing
	}
	return HistoryWriter(l)(e.Value)
}
