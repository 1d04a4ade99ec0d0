package report

import (
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// columnsOf is how many columns of a terminal a text takes. Characters that are narrow in the west and wide in the east count
// as narrow, wherever this runs: modern terminals agree, and a report must not depend on the language of its reader.
func columnsOf(text string) int { return twwidth.WidthWithOptions(text, twwidth.Options{}) }

// wrap breaks text between words so that no line is wider than width. Only a word that is wider than a whole line is broken
// itself. Lines after the first begin with indent.
func wrap(text string, width int, indent string) []string {
	room := max(width-columnsOf(indent), 1)
	var lines []string
	line, used := "", 0 // used is line's columns
	for word := range strings.FieldsSeq(text) {
		for i, piece := range pieces(word, room) {
			size := columnsOf(piece)
			switch {
			case line == "":
				line, used = piece, size
			case i > 0 || used+1+size > width:
				lines = append(lines, line)
				line, used = indent+piece, columnsOf(indent)+size
			default:
				line, used = line+" "+piece, used+1+size
			}
		}
	}
	return append(lines, line)
}

// pieces cuts a word into parts of at most room columns; a character that is wider than that stays whole.
func pieces(word string, room int) []string {
	var parts []string
	from, used := 0, 0
	for i, r := range word {
		size := columnsOf(string(r))
		if used+size > room && i > from {
			parts = append(parts, word[from:i])
			from, used = i, 0
		}
		used += size
	}
	return append(parts, word[from:])
}

// textWidth is the width of the widest line.
func textWidth(text string) int {
	most := 0
	for line := range strings.SplitSeq(text, "\n") {
		most = max(most, columnsOf(line))
	}
	return most
}
