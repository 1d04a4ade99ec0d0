package report

import (
	"math"
	"strings"

	"nodecompare/results/report/summary"
)

// eighths are the blocks that end a bar, from an eighth of a column to seven (Unicode, Block
// Elements).
var eighths = []string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}

// bar returns a bar for a value's share of most, in width columns. A value above 0 always gives a
// visible bar.
func bar(value, most float64, width int) string {
	if value <= 0 || most <= 0 {
		return ""
	}
	n := max(1, int(math.Round(8*float64(width)*min(value/most, 1))))
	return strings.Repeat("█", n/8) + eighths[n%8]
}

// barColumn returns a cell's bar, padded to the width; empty if a bar shows nothing.
func barColumn(l summary.AnswerLine, c summary.AnswerCell, width int) string {
	if !l.Bars {
		return spaces(width)
	}
	return padded(bar(c.Value, l.Most(), width), width)
}

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// padded pads text to a width.
func padded(text string, width int) string { return text + spaces(width-columnsOf(text)) }

// cut shortens text to a width, with a mark for the missing rest.
func cut(text string, width int) string {
	if columnsOf(text) <= width {
		return text
	}
	return pieces(text, width-1)[0] + "…"
}
