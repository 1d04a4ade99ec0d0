package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"nodecompare/results"
	"nodecompare/results/report"
)

// Files of the last bench, in the user's state folder.
const (
	lastRecord = "last.json"
	lastPage   = "last.html"
)

// stateFile returns a file's path in the user's state folder, by the XDG Base Directory
// Specification. Without HOME it is an error.
func stateFile(name string) (string, error) {
	dir := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) { // the specification ignores a relative one
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("the last bench is kept in the user's state folder, and there is none: %w", err)
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, results.Tool, name), nil
}

// newStateFile is stateFile for writing: it creates the folder if necessary.
func newStateFile(name string) (string, error) {
	path, err := stateFile(name)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	return path, err
}

// keepLast keeps a record as the last one. kept is false without an error if the user has no home
// to keep it in.
func keepLast(ctx context.Context, record *results.Record) (kept bool, err error) {
	if _, err := stateFile(lastRecord); err != nil || len(record.Trials) == 0 {
		return false, nil // no home to keep it in, and nobody asked for it
	}
	f, err := formatNamed("json", report.Formats)
	if err != nil {
		return false, err
	}
	var o output
	path, err := newStateFile(lastRecord)
	if err == nil {
		o, err = openOutput(path, nil, nil)
	}
	if err == nil {
		err = o.write(ctx, all, func(w io.Writer, options report.Options) error { return f.Write(w, record, options) })
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return false, nil // a container's home that is not its user's counts as none
	}
	if err != nil {
		return false, fmt.Errorf("keep this bench as the last one: %w", err)
	}
	return true, nil
}

// recordOrLast returns the named file, or that of the last bench.
func recordOrLast(args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	path, err := stateFile(lastRecord)
	if err == nil {
		_, err = os.Stat(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("there is no last bench yet: run 'nodecompare bench', or name a record that " +
			"'nodecompare bench --save=FILE' wrote")
	}
	if err != nil {
		return "", exitError{exitUsage, err}
	}
	return path, nil
}
