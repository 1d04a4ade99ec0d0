package cmd

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"nodecompare/cmd/bench"
	"nodecompare/cmd/screen"
	"nodecompare/results/foreign"
	"nodecompare/results/report"
)

// options returns the writer's properties for formats: its width, and whether it shows colour
// (https://no-color.org).
func options(w io.Writer) report.Options {
	width := columns(w)
	return report.Options{Width: width, Color: width > 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// progress returns a live display on a terminal, and lines elsewhere: drawing would leave hundreds
// of frames in a log.
func progress(quiet bool, w io.Writer) bench.Progress {
	terminal, ok := w.(screen.File)
	switch {
	case quiet:
		return bench.Silent{}
	case ok && columns(w) > 0 && os.Getenv("TERM") != "dumb":
		return bench.NewLive(terminal, terminalOptions(w))
	default:
		return &bench.Lines{W: w}
	}
}

// terminalOptions returns the options of a terminal as it is when it is drawn on.
func terminalOptions(w io.Writer) func(columns int) report.Options {
	o := options(w)
	return func(columns int) report.Options {
		o.Width = columns
		return o
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

// progressPrinter returns a function that prints each step on its own line, or on a terminal on
// lines as wide as it, unless quiet.
func progressPrinter(quiet bool, who string, w io.Writer) func(string) {
	return func(step string) {
		text := who + ": " + foreign.Line(step)
		switch o := options(w); {
		case quiet:
		case o.Width == 0 || report.Lines(w, o, text) != nil:
			fmt.Fprintln(w, text)
		}
	}
}
