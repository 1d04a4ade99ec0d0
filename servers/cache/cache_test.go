package cache_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"nodecompare/servers/cache"
)

// What a killed process has left is removed by the next one, and what another is making is not.
func TestLeftBuildsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, ".making-123")
	if err := os.MkdirAll(filepath.Join(left, "new"), 0o700); err != nil {
		t.Fatal(err)
	}
	first, err := cache.NewBuild(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("what was left is there: %v", err)
	}
	second, err := cache.NewBuild(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first.Dir); err != nil {
		t.Errorf("what another makes is gone: %v", err)
	}
	for _, b := range []*cache.Build{first, second} {
		if err := b.Remove(); err != nil {
			t.Error(err)
		}
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) > 0 {
		t.Errorf("%v, %v", all, err)
	}
}

// In the system's temporary folder anybody can take a name first.
func TestTemporaryFolderOfSomebodyElse(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("TMPDIR", temp)
	if dir, err := cache.Folder(); err == nil {
		t.Errorf("a folder without HOME: %s", dir)
	}
	dir, err := cache.FolderOrTemporary()
	if err != nil {
		t.Fatal(err)
	}
	if i, err := os.Stat(dir); err != nil || i.Mode().Perm() != 0o700 || filepath.Dir(dir) != temp ||
		!strings.HasSuffix(dir, strconv.Itoa(os.Getuid())) {
		t.Errorf("%s, %v, %v", dir, i, err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := cache.FolderOrTemporary(); err == nil ||
		!strings.Contains(err.Error(), "not this user's alone: set HOME or XDG_CACHE_HOME") {
		t.Errorf("%v", err)
	}
}
