package cmd

import (
	"fmt"
	"strings"
)

// listed is a table as a help text shows it: a line for each, the names in a column of that width.
func listed[T any](table []T, width int, line func(T) (name, summary string)) string {
	var b strings.Builder
	for _, t := range table {
		name, summary := line(t)
		fmt.Fprintf(&b, "  %-*s %s\n", width, name, summary)
	}
	return b.String()
}
