package cmd

import (
	"io"
	"os"

	"nodecompare/results"
	"nodecompare/results/report"
)

// output is where results go: a file, whole or not at all, or standard output.
type output struct {
	file *results.File // nil for none
	out  io.Writer
}

// openOutput opens the file; "" is for none. Call it before measuring: minutes later is too late to find out that it cannot be written.
func openOutput(path string, out io.Writer) (o output, err error) {
	o.out = out
	if path != "" {
		o.file, err = results.Create(path)
	}
	return o, err
}

// write writes the results. A file does not depend on the terminal that it was made from.
func (o output) write(format func(io.Writer, report.Options) error) error {
	if o.file == nil {
		return format(o.out, options(o.out))
	}
	return o.file.Write(func(w io.Writer) error { return format(w, report.Options{}) })
}

func (o output) discard() error {
	if o.file == nil {
		return nil
	}
	return o.file.Discard()
}

// sameFile says that two paths name one file that is there.
func sameFile(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}
