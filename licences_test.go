package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// foreign are the files that others' work comes in.
var foreign = regexp.MustCompile(`\.(min\.js|min\.css|wasm)$`)

// Each folder of others' work that is embedded has its licence in it or in the folder above, and
// the same text is in THIRD_PARTY.md.
func TestEveryEmbeddedWorkHasItsNotice(t *testing.T) {
	notices, err := os.ReadFile("THIRD_PARTY.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, tree := range []string{"cmd", "loadgen", "results", "servers"} {
		err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !foreign.MatchString(path) {
				return err
			}
			folder := filepath.Dir(path)
			licence, err := os.ReadFile(filepath.Join(folder, "LICENSE"))
			if err != nil {
				folder = filepath.Dir(folder)
				licence, err = os.ReadFile(filepath.Join(folder, "LICENSE"))
			}
			if err != nil {
				t.Errorf("%s: %v", path, err)
			} else if !strings.Contains(string(notices), string(licence)) {
				t.Errorf("THIRD_PARTY.md lacks the text of %s/LICENSE", folder)
			}
			found[folder] = true
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) < 2 {
		t.Errorf("others' work is embedded from %v, and there should be uPlot and sql.js", found)
	}
}
