package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"nodecompare/cmd/fileio"
	"nodecompare/results"
)

// loadRecord reads a record from a file.
func loadRecord(ctx context.Context, path string) (*results.Record, error) {
	text, err := fileio.Read(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("load a record: %w", err)
	}
	r, err := results.Decode(bytes.NewReader(text))
	if err != nil {
		name := path
		if name == "-" {
			name = "standard input"
		}
		return nil, fmt.Errorf("load a record: %s: %w", name, err)
	}
	return r, nil
}

// loadBaseline reads a record to compare with. A file that is no record is an invalid measurement,
// never a pass.
func loadBaseline(ctx context.Context, path string) (*results.Record, error) {
	r, err := loadRecord(ctx, path)
	if _, unreachable := errors.AsType[*fs.PathError](err); err != nil && !unreachable && ctx.Err() == nil {
		err = exitError{exitInvalid, err}
	}
	return r, err
}
