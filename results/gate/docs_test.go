package gate_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"nodecompare/docs"
	"nodecompare/results"
	"nodecompare/results/gate"
)

// docs/gate.md has each figure that a gate looks at, with its floors and margins, and no other.
func TestDocumentedFigures(t *testing.T) {
	lines := []string{docs.Row("figure", "at", "floor", "margin", "alone: floor", "margin"),
		"|---|---|---|---|---|---|"}
	places := map[string][]string{} // by all the rest of a row, since some are the same at several places
	var order []string
	beside, alone := limits(t, false), limits(t, true)
	for _, figure := range beside {
		i := slices.IndexFunc(alone, func(l limit) bool { return l.metric == figure.metric && l.place == figure.place })
		if i < 0 {
			t.Fatalf("%s, %s: not among the figures of a gate without a yardstick", figure.metric, figure.place)
		}
		row := docs.Row(figure.metric, "AT", figure.floor, figure.margin, alone[i].floor, alone[i].margin)
		if places[row] == nil {
			order = append(order, row)
		}
		places[row] = append(places[row], figure.place)
	}
	for _, row := range order {
		lines = append(lines, strings.Replace(row, "AT", strings.Join(places[row], ", "), 1))
	}
	docs.Check(t, "../../docs/gate.md", "gate", lines)
}

// limit is what a figure may lose at a place.
type limit struct{ metric, place, floor, margin string }

// limits are those of all figures that a gate of two whole records looks at.
func limits(t *testing.T, alone bool) (all []limit) {
	t.Helper()
	b := sixRounds
	b.alone = alone
	places := map[results.RungKey]string{
		results.ClosedAt(1): "fewest connections", results.ClosedAt(64): "base", results.ClosedAt(1000): "top",
		results.AtCommon: "common rate",
	}
	record := func() *results.Record {
		r := b.record(seeded())
		for i := range r.Trials {
			for j := range r.Trials[i].Rungs { // for the figure of viewers alone: no record has both
				r.Trials[i].Rungs[j].Viewing = &results.Viewing{Viewers: 1000, Smooth: 1000}
			}
		}
		return r
	}
	per := func(share float64) string { return strconv.FormatFloat(100*share, 'f', -1, 64) + "%" }
	for _, c := range gate.Compare(record(), record()).Changes {
		l := limit{c.Metric, places[c.At], per(c.Floor), per(c.Margin)}
		if l.place == "" {
			l.place = c.At.Load
		}
		switch {
		case c.Metric == gate.Failures:
			l.floor, l.margin = "any", "any"
		case c.Floor == 0 && c.Outcome == gate.Shown:
			l.floor, l.margin = "–", "–"
		}
		if !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	return all
}
