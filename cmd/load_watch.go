package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"nodecompare/cmd/fileio"
	"nodecompare/cmd/load"
	"nodecompare/loadgen"
	"nodecompare/results/foreign"
)

// watching are the second-by-second listeners of a load: a file, Prometheus, or both.
type watching struct {
	*load.Seconds
	file    *fileio.Stream // nil for none
	metrics *load.Metrics  // nil for none
}

// watchLoad opens the file of --out and listens for --metrics. Call Close afterwards.
func watchLoad(ctx context.Context, o loadOptions, a *loadgen.Attack, notes io.Writer) (*watching, error) {
	w := new(watching)
	var lines io.Writer
	if o.out != "" {
		file, err := fileio.OpenStream(ctx, o.out)
		if err != nil {
			return nil, fmt.Errorf("--out: %w", err)
		}
		w.file, lines = file, file
	}
	a.InFlight = new(atomic.Int64)
	w.Seconds = load.NewSeconds(lines, *a)
	if o.metrics != "" {
		var err error
		if w.metrics, err = load.ServeMetrics(ctx, o.metrics, w.Seconds); err != nil {
			return nil, errors.Join(fmt.Errorf("--metrics: %w", err), w.Close())
		}
		if !o.quiet {
			fmt.Fprintf(notes, "nodecompare: metrics at %s\n", foreign.Line(w.metrics.URL))
		}
	}
	return w, nil
}

// Close ends the last second, and the listeners.
func (w *watching) Close() error {
	err := w.Seconds.Close()
	if w.metrics != nil {
		err = errors.Join(err, w.metrics.Close())
	}
	if w.file != nil {
		err = errors.Join(err, w.file.Close())
	}
	return err
}
