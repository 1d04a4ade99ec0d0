package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"nodecompare/cmd/fileio"
	"nodecompare/results/foreign"
	"nodecompare/results/report"
)

// output is where results go: a file, complete or not at all, or standard output.
type output struct {
	path       string       // as its user named it
	file       *fileio.File // nil for none
	out, notes io.Writer
}

// openOutput opens the file; "" is for none. Call it before measuring, so that a file that cannot
// be written fails at once.
func openOutput(path string, out, notes io.Writer) (o output, err error) {
	o = output{path: path, out: out, notes: notes}
	if path != "" {
		o.file, err = fileio.Create(path)
	}
	return o, err
}

// Levels of what results are worth beside an existing file.
type worth int

const (
	nothing worth = iota // nothing was measured
	little               // nothing may be concluded
	all
)

// worthOf returns the worth of so many runs, either all of them void or not.
func worthOf(runs int, void bool) worth {
	switch {
	case runs == 0:
		return nothing
	case void:
		return little
	}
	return all
}

// write writes the results. A file's content does not depend on the terminal. Only complete results
// replace an existing file. Others are written beside it, if there are any, and a note says so.
func (o output) write(ctx context.Context, w worth, format func(io.Writer, report.Options) error) error {
	if o.file == nil {
		return format(o.out, options(o.out))
	}
	content := func(w io.Writer) error { return format(w, report.Options{}) }
	switch {
	case w == all || !o.file.Replaces():
		return o.file.Write(ctx, content)
	case w == nothing:
		_, err := fmt.Fprintf(o.notes, "nodecompare: nothing was measured: %s stays as it was\n", foreign.Line(o.path))
		return errors.Join(err, o.discard())
	}
	where, err := o.file.WriteBeside(ctx, content)
	if err == nil {
		_, err = fmt.Fprintf(o.notes, "nodecompare: %s stays as it was: what was measured now is in %s\n",
			foreign.Line(o.path), foreign.Line(where))
	}
	return err
}

func (o output) discard() error {
	if o.file == nil {
		return nil
	}
	return o.file.Discard()
}
