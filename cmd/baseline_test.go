package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nodecompare/results"
)

// A baseline is replaced by a record that may take its place, and any file by a complete one alone:
// another goes beside it, and a note says so.
func TestWhatReplacesABaseline(t *testing.T) {
	record := &results.Record{Tool: results.Tool, SchemaVersion: results.SchemaVersion, Trials: []results.Trial{{
		Rungs: []results.Rung{{Load: results.Closed, Connections: 64}},
	}}}
	for name, test := range map[string]struct {
		sound, other, partial bool
		replaced              bool
		beside                int // files
	}{
		"it passed":                  {true, false, false, true, 0},
		"it did not":                 {false, false, false, false, 1},
		"it did not, elsewhere":      {false, true, false, true, 0},
		"it passed, and without":     {true, true, false, true, 0},
		"it was cut short, anywhere": {false, true, true, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "record.json")
			if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
				t.Fatal(err)
			}
			var notes bytes.Buffer
			b := benchRun{save: path, against: path, notes: &notes}
			if test.other {
				b.against = filepath.Join(dir, "baseline.json")
			}
			files, err := b.create()
			if err != nil {
				t.Fatal(err)
			}
			record.Partial = test.partial
			if err := files.write(t.Context(), record, test.sound); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(path)
			if err != nil || (string(text) != "before") != test.replaced {
				t.Errorf("the file has %.40q, %v", text, err)
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 1+test.beside {
				t.Errorf("%v, %v", entries, err)
			}
			if said := strings.Contains(notes.String(),
				path+" stays as it was: what was measured now is in "); said == test.replaced {
				t.Errorf("said %q", notes.String())
			}
		})
	}
}
