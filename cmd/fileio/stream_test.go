package fileio_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nodecompare/cmd/fileio"
)

// What is written is there at once, in the place of what was.
func TestOpenStream(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	put(t, path, "of yesterday", 0o600)
	if err := os.Symlink("file", link); err != nil {
		t.Fatal(err)
	}
	s, err := fileio.OpenStream(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, path, "")
	for _, want := range []string{"one", "onetwo"} {
		if _, err := io.WriteString(s, want[len(want)-3:]); err != nil {
			t.Fatal(err)
		}
		holds(t, path, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	alone(t, dir, "file", "link")
}

func TestOpenStreamWhereItCannot(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir: "it is a folder", pipe: "nobody reads this pipe", filepath.Join(dir, "missing", "file"): "no such file",
	} {
		s, err := fileio.OpenStream(t.Context(), path)
		if err == nil {
			t.Errorf("%s: opened, %v", path, s.Close())
		} else if !strings.HasPrefix(err.Error(), "write "+path+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
