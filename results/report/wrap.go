package report

import (
	"strings"
	"unicode/utf8"
)

// wrap breaks text between words so that no line is longer than width, but for words that are. Lines after the first begin
// with indent. Every character here is one column wide.
func wrap(text string, width int, indent string) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			lines = append(lines, line)
			line = indent + word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// cellLines wraps each line of a cell to width.
func cellLines(lines []string, width int) string {
	var all []string
	for _, l := range lines {
		all = append(all, wrap(l, width, "  ")...)
	}
	return strings.Join(all, "\n")
}

// textWidth is the length of the longest line, in columns.
func textWidth(text string) int {
	most := 0
	for line := range strings.SplitSeq(text, "\n") {
		most = max(most, utf8.RuneCountInString(line))
	}
	return most
}
