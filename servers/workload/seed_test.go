package workload_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"nodecompare/servers/workload"
)

// product10000 is the last of the products.
var product10000 = answer{200, json, "",
	`{"id":10000,"sku":"ME-10000","name":"Ironbridge Large Coffee Beans 250 g",` +
		`"category":"pantry","price_cents":671,"stock":4}`}

// check opens dir, and looks whether it is what it should be: the same bytes as any other, and
// nothing else.
func check(t *testing.T, dir string) {
	t.Helper()
	s, err := workload.Open(workload.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if a := ask(s); a != product10000 {
		t.Errorf("/db answered %+v", a)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	open(t, workload.Options{}) // builds the reference, if nobody has
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 3 {
		t.Errorf("%s holds %v, want three files", dir, entries)
	}
	for _, name := range []string{"file.bin", "products.db", "SHA256SUMS"} {
		if got, want := read(t, filepath.Join(dir, name)),
			read(t, filepath.Join(seeded, name)); !bytes.Equal(got, want) {
			t.Errorf("%s differs from another build's: %d and %d bytes", name, len(got), len(want))
		}
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCorruptedFolderIsRebuilt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a folder?mode=memory#%41 é", "deep") // what a URI could mistake
	write := func(name string, content []byte) error {
		return os.WriteFile(filepath.Join(dir, name), content, 0o644)
	}
	for _, test := range []struct {
		name   string
		damage func() error
	}{
		{"missing", func() error { return nil }},
		{"no database", func() error { return os.Remove(filepath.Join(dir, "products.db")) }},
		{"half a database", func() error { return os.Truncate(filepath.Join(dir, "products.db"), 300_000) }},
		{"a bit of the database", func() error {
			content := read(t, filepath.Join(dir, "products.db"))
			content[400_000] ^= 1
			return write("products.db", content)
		}},
		{"longer file", func() error { return write("file.bin", make([]byte, 64<<10+1)) }},
		{"no checksums", func() error { return os.Remove(filepath.Join(dir, "SHA256SUMS")) }},
		{"older content", func() error {
			sums := read(t, filepath.Join(dir, "SHA256SUMS"))
			return write("SHA256SUMS", bytes.Replace(sums, []byte("content 1"), []byte("content 0"), 1))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.damage(); err != nil {
				t.Fatal(err)
			}
			check(t, dir)
		})
	}
}

// A whole folder is used as it is: servers start fast, and a read-only one does.
func TestWholeFolderIsLeftAlone(t *testing.T) {
	open(t, workload.Options{})
	name := filepath.Join(seeded, "products.db")
	before, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	open(t, workload.Options{})
	after, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(before, after) {
		t.Errorf("%s was built anew", name)
	}
}

// Who has the folder open keeps what he has when another rebuilds it.
func TestRebuildUnderAServer(t *testing.T) {
	dir := t.TempDir()
	s := open(t, workload.Options{Dir: dir})
	if err := os.Remove(filepath.Join(dir, "SHA256SUMS")); err != nil {
		t.Fatal(err)
	}
	check(t, dir)
	if a := ask(s); a != product10000 {
		t.Errorf("after the rebuild, /db answered %+v", a)
	}
}

func TestReopen(t *testing.T) {
	s, err := workload.Open(workload.Options{Dir: seeded})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if a := ask(s); a.Status != 500 || !strings.Contains(a.Body, "closed") {
		t.Errorf("closed, /db answered %+v", a)
	}
	if a := ask(open(t, workload.Options{})); a != product10000 {
		t.Errorf("opened again, /db answered %+v", a)
	}
}

func TestFileGone(t *testing.T) {
	dir := t.TempDir()
	c := dial(t, open(t, workload.Options{Dir: dir}))
	name := filepath.Join(dir, "file.bin")
	if err := os.Truncate(name, 1000); err != nil {
		t.Fatal(err)
	}
	if a := c.get("/file"); a.Status != 500 || a.ContentType != json || !strings.Contains(a.Body, name) {
		t.Errorf("cut short, it answered %+v", a)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if a := c.get("/file"); a.Status != 500 || !strings.Contains(a.Body, name) {
		t.Errorf("removed, it answered %+v", a)
	}
}

func TestUnusableFolder(t *testing.T) {
	base := t.TempDir()
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	taken := filepath.Join(base, "taken") // something else where the database belongs
	if err := os.MkdirAll(filepath.Join(taken, "products.db", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	dirs := []string{file, filepath.Join(file, "below"), taken}
	if os.Getuid() != 0 { // root may write anywhere
		readOnly := filepath.Join(base, "read-only")
		if err := os.Mkdir(readOnly, 0o555); err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, readOnly, filepath.Join(readOnly, "below"))
	}
	for _, dir := range dirs {
		s, err := workload.Open(workload.Options{Dir: dir})
		if err == nil {
			t.Errorf("%s was taken", dir)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		if !strings.Contains(err.Error(), "data folder "+dir+":") {
			t.Errorf("the error does not name %s: %v", dir, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(taken, ".making-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestDefaultFolder(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", "")
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	for _, folder := range []string{filepath.Join(cache, "nodecompare"),
		filepath.Join(temp, fmt.Sprintf("nodecompare-%d", os.Getuid()))} {
		s, err := workload.Open(workload.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		check(t, filepath.Join(folder, "workload-v1"))
		t.Setenv("HOME", "") // the next time
	}
}

// Processes, and goroutines in this one, that open a folder at once, which none has built.
func TestOpenRace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			c := exec.Command(self)
			c.Env = append(os.Environ(), openEnv+"="+dir)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("a process: %v: %s", err, out)
			}
		})
		group.Go(func() {
			if err := openAndAsk(dir); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	check(t, dir)
}
