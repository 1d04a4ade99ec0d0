package cmd

import (
	"fmt"
	"strings"

	"nodecompare/cmd/lookup"
	"nodecompare/results/report"
)

// helpTable formats a table for a help text: a line for each entry, with the names in a column of
// the given width.
func helpTable[T any](table []T, width int, line func(T) (name, summary string)) string {
	var b strings.Builder
	for _, t := range table {
		name, summary := line(t)
		fmt.Fprintf(&b, "  %-*s %s\n", width, name, summary)
	}
	return b.String()
}

// formatNamed returns the format that --format names.
func formatNamed[T any](name string, formats []report.Format[T]) (report.Format[T], error) {
	f, err := lookup.Named("format", name, formats)
	if err != nil {
		err = exitError{exitUsage, fmt.Errorf("--format: %w", err)}
	}
	return f, err
}

func formatLine[T any](f report.Format[T]) (name, summary string) { return f.Name, f.Summary }
