package html

import (
	"encoding/json"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// dataTable is a table of figures; the first cell of a row is its heading.
type dataTable struct {
	Caption string    `json:"caption"`
	Head    []string  `json:"head"`
	Rows    []dataRow `json:"rows"`
	Long    bool      `json:"long,omitempty"` // it has a line for everything, and is folded on its own
}

// dataRow is a row of it. Void says that nothing may be concluded from its figures.
type dataRow struct {
	Name  string     `json:"name"`
	Cells []dataCell `json:"cells"`
	Void  bool       `json:"void,omitempty"`
}

// dataCell is a figure with its interval; "" where it has none.
type dataCell struct {
	Value    string
	Interval string
}

// MarshalJSON writes a figure, or a list of it and its interval.
func (c dataCell) MarshalJSON() ([]byte, error) {
	if c.Interval == "" {
		return json.Marshal(c.Value)
	}
	return json.Marshal([]string{c.Value, c.Interval})
}

// plainCells makes cells without intervals.
func plainCells(values ...string) []dataCell {
	cells := make([]dataCell, len(values))
	for i, v := range values {
		cells[i].Value = v
	}
	return cells
}

// estimateCell is a median and its interval. One round has none, and neither have rounds that all
// say the same.
func estimateCell(e stat.Estimate, write func(float64) string) dataCell {
	if e.N == 0 {
		return dataCell{Value: unit.Missing}
	}
	c := dataCell{Value: write(e.Value)}
	if e.N > 1 {
		c.Interval = rangeOf(e.Low, e.High, write)
	}
	return c
}

// rangeOf is "8.4 µs to 9.05 µs"; "" where both ends read the same.
func rangeOf(low, high float64, write func(float64) string) string {
	from, to := write(low), write(high)
	if from == to {
		return ""
	}
	return from + " to " + to
}

func modeIndex(r *results.Record, name string) int {
	for i, m := range r.Settings.Modes {
		if m.Name == name {
			return i
		}
	}
	return -1
}

// styledMode is a mode with the number of its colour, its marker and its line; there are as many of
// these as looks.
type styledMode struct {
	results.Mode
	Look int
}

// looksKnown is how many modes can be told apart by colour and marker. Further ones begin anew:
// their names still differ.
const looksKnown = 8

func styledModes(r *results.Record) []styledMode {
	modes := make([]styledMode, len(r.Settings.Modes))
	for i, m := range r.Settings.Modes {
		modes[i] = styledMode{m, i % looksKnown}
	}
	return modes
}

func modeNames(r *results.Record) []string {
	names := make([]string, len(r.Settings.Modes))
	for i, m := range r.Settings.Modes {
		names[i] = m.Name
	}
	return names
}
