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

// The last bench's files, in the user's state folder.
const (
	lastRecord = "last.json"
	lastPage   = "last.html"
)

// stateFile is a file's path in the user's state folder, as the XDG Base Directory Specification
// has it. There is none without HOME.
func stateFile(name string) (string, error) {
	dir := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) { // by that specification a relative one is to be ignored
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("the last bench is kept in the user's state folder, and there is none: %w", err)
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, results.Tool, name), nil
}

// newStateFile is the same for one that is to be written: its folder is made where it is not there.
func newStateFile(name string) (string, error) {
	path, err := stateFile(name)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	return path, err
}

// keepLast keeps a record as the last one, and says whether it could.
func keepLast(ctx context.Context, record *results.Record) (kept bool, err error) {
	if _, err := stateFile(lastRecord); err != nil || len(record.Trials) == 0 {
		return false, nil // without a home there is nowhere to keep it, and nobody asked for it
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
		return false, nil // a container's home that is not its user's is as good as none
	}
	if err != nil {
		return false, fmt.Errorf("keep this bench as the last one: %w", err)
	}
	return true, nil
}

// recordOrLast is the file that was named, or that of the last bench.
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
