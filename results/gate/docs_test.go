package gate_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nodecompare/results"
	"nodecompare/results/gate"
)

// The table of docs/method.md, section Gate, has each figure with its floors and margins, and no other.
func TestDocumentedFigures(t *testing.T) {
	documented := documentedFigures(t)
	decided := append(figuresOf(t, false), figuresOf(t, true)...)
	slices.Sort(documented)
	slices.Sort(decided)
	for _, row := range decided {
		if !slices.Contains(documented, row) {
			t.Errorf("the gate has %q, and the table has not", row)
		}
	}
	for _, row := range documented {
		if !slices.Contains(decided, row) {
			t.Errorf("the table has %q, and the gate has not", row)
		}
	}
}

// figuresOf are the figures that a gate of two whole records looks at, with their floors and margins in per
// cent: "p99, top, alone: 200%, 400%".
func figuresOf(t *testing.T, alone bool) (rows []string) {
	t.Helper()
	b := sixRounds
	b.alone = alone
	places := map[results.At]string{
		results.Conns(1): "fewest connections", results.Conns(64): "base", results.Conns(1000): "top", results.AtCommon: "common rate",
	}
	per := func(share float64) string { return strconv.FormatFloat(100*share, 'f', -1, 64) + "%" }
	for _, c := range gate.Compare(b.record(seeded()), b.record(seeded())).Changes {
		place := places[c.At]
		if place == "" {
			place = c.At.Load
		}
		limits := per(c.Floor) + ", " + per(c.Margin)
		switch {
		case c.Metric == gate.Failures:
			limits = "any, any"
		case c.Floor == 0 && c.Outcome == gate.Shown:
			limits = "–, –"
		}
		row := fmt.Sprintf("%s, %s, alone %v: %s", c.Metric, place, alone, limits)
		if !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	return rows
}

// documentedFigures are those of the table. A row may stand for several figures, and for several places.
func documentedFigures(t *testing.T) (rows []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/method.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "| figure | at | floor | margin | alone: floor | margin |")
	if !ok {
		t.Fatal("docs/method.md has no table of figures")
	}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) < 8 || strings.HasPrefix(cells[1], "---") {
			if line == "\n" && rows != nil {
				break
			}
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		for f, figure := range strings.Split(cells[1], ", ") {
			for _, place := range strings.Split(cells[2], ", ") {
				for first, alone := range map[int]bool{3: false, 5: true} {
					limit := func(cell string) string { // "100%, –" has one of each figure
						all := strings.Split(cell, ", ")
						return all[min(f, len(all)-1)]
					}
					rows = append(rows, fmt.Sprintf("%s, %s, alone %v: %s, %s", figure, place, alone, limit(cells[first]), limit(cells[first+1])))
				}
			}
		}
	}
	return rows
}
