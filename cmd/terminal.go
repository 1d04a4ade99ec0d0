package cmd

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"nodecompare/cmd/bench"
	"nodecompare/results/foreign"
	"nodecompare/results/report"
)

// options returns the writer's properties for formats: its width, and whether it shows colour
// (https://no-color.org).
func options(w io.Writer) report.Options {
	width := columns(w)
	return report.Options{Width: width, Color: width > 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// progress returns a bar on a terminal, and lines elsewhere: a bar would leave hundreds of frames
// in a log.
func progress(quiet bool, w io.Writer) bench.Progress {
	switch width := columns(w); {
	case quiet:
		return bench.Silent{}
	case width > 0:
		return &bench.Bar{W: w, Columns: width}
	default:
		return &bench.Lines{W: w}
	}
}

// columns returns the width of the terminal behind w; 0 if there is none.
func columns(w io.Writer) int {
	f, ok := w.(interface{ Fd() uintptr })
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// progressPrinter returns a function that prints each step on its own line, unless quiet.
func progressPrinter(quiet bool, who string, w io.Writer) func(string) {
	return func(step string) {
		if !quiet {
			fmt.Fprintf(w, "%s: %s\n", who, foreign.Line(step))
		}
	}
}
