package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestWidth keeps source readable in a window beside another: no line of Go is wider than 120
// columns, no comment wider than 100, and no file longer than 500 lines. Code in a comment counts
// as code.
func TestWidth(t *testing.T) {
	const mostColumns, mostComment, mostLines, tab = 120, 100, 500, 4
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || len(path) > 1 && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		if len(lines) > mostLines {
			t.Errorf("%s has %d lines, and %d is the most: split it by what is in it", path, len(lines), mostLines)
		}
		for i, line := range lines {
			most := mostColumns
			if strings.HasPrefix(strings.TrimLeft(line, "\t"), "// ") {
				most = mostComment
			}
			columns := utf8.RuneCountInString(line) + (tab-1)*strings.Count(line, "\t")
			if columns > most {
				t.Errorf("%s:%d: %d columns, and %d is the most", path, i+1, columns, most)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
