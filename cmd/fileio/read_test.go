package fileio_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nodecompare/cmd/fileio"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("text ", 100_000)
	file, large, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "large"), filepath.Join(dir, "pipe")
	put(t, file, text, 0o600)
	put(t, large, "", 0o600)
	if err := errors.Join(os.Truncate(large, fileio.MaxSize+1), unix.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	if got, err := fileio.Read(t.Context(), file); err != nil || string(got) != text {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for _, path := range []string{large, "/dev/zero"} {
		if _, err := fileio.Read(t.Context(), path); err == nil ||
			!strings.Contains(err.Error(), path+": it holds more than 64 MiB") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := fileio.Read(t.Context(), filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	// A pipe is waited for, before somebody writes and after.
	go func() {
		w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		for _, half := range []string{text[:70_000], text[70_000:]} {
			if _, err := w.WriteString(half); err != nil {
				t.Error(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	if got, err := fileio.Read(t.Context(), pipe); err != nil || string(got) != text {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := fileio.Read(ctx, pipe); !errors.Is(err, context.DeadlineExceeded) ||
		time.Since(began) > 10*time.Second {
		t.Errorf("%v", err)
	}
}
