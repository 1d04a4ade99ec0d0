package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"nodecompare/results/gate"
	"nodecompare/results/report"
)

// page is the format of compare that two records have over time only.
const page = "html"

// A formatName is what --format may be.
type formatName string

func (n formatName) String() string { return string(n) }

// compareFormats are those of both kinds of comparison.
func compareFormats() (all []formatName) {
	for _, f := range report.GateFormats {
		all = append(all, formatName(f.Name))
	}
	for _, f := range report.HistoryFormats {
		if n := formatName(f.Name); !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// recordsOf are the records that compare was called with: those that were named, and those in
// folders; beside a single one it is the last bench. More than two, or a folder, are shown over
// time.
func recordsOf(args []string) (paths []string, overTime bool, err error) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil || !info.IsDir() { // what is not there is told when it is read
			paths = append(paths, arg)
			continue
		}
		inside, err := os.ReadDir(arg)
		if err != nil {
			return nil, false, fmt.Errorf("look for records: %w", err)
		}
		for _, entry := range inside {
			if filepath.Ext(entry.Name()) == ".json" && !entry.IsDir() {
				paths = append(paths, filepath.Join(arg, entry.Name()))
			}
		}
		overTime = true
	}
	switch {
	case overTime && len(paths) < 2:
		return nil, true, exitError{exitUsage,
			fmt.Errorf("records over time: two are needed, and %q has %d (files that end with .json)",
				args, len(paths))}
	case len(paths) == 1:
		last, err := recordOrLast(nil)
		return append(paths, last), false, err
	}
	return paths, overTime || len(paths) > 2, nil
}

// runHistory shows the figures of some records over time.
func runHistory(ctx context.Context, paths []string, f report.Format[gate.History], out io.Writer) error {
	var records []gate.Named
	for _, path := range paths {
		r, err := loadBaseline(ctx, path)
		if err != nil {
			return err
		}
		if len(r.Trials) == 0 {
			return exitError{exitInvalid, errors.New("load a record: " + path + ": nothing was measured in it")}
		}
		records = append(records, gate.Named{Name: filepath.Base(path), Record: r})
	}
	if err := f.Write(out, gate.Trace(records), options(out)); err != nil {
		return fmt.Errorf("print the records over time: %w", err)
	}
	return nil
}
