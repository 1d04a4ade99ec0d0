package fileio_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nodecompare/cmd/fileio"
)

func put(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	if text, err := os.ReadFile(path); err != nil || string(text) != want {
		t.Errorf("%s holds %q (%v), want %q", filepath.Base(path), text, err, want)
	}
}

// alone wants nothing but these in the folder.
func alone(t *testing.T, dir string, want ...string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range all {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
}

func create(t *testing.T, path string) *fileio.File {
	t.Helper()
	f, err := fileio.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// write writes text to path, with half of it before fails.
func write(t *testing.T, path, text string, fails error) error {
	t.Helper()
	return create(t, path).Write(t.Context(), func(w io.Writer) error {
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
		return fails
	})
}

// Whatever goes wrong in the writing, what was there stays as it was, and nothing is left beside
// it.
func TestWriteIsWholeOrNotAtAll(t *testing.T) {
	for name, make := range map[string]func(path, other string) error{
		"a file":    func(string, string) error { return nil },
		"two names": os.Link,
		"a link to it": func(path, other string) error {
			return errors.Join(os.Rename(path, other), os.Symlink("other", path))
		},
		"a link upwards": func(path, other string) error {
			return errors.Join(os.Rename(path, other),
				os.Symlink("../"+filepath.Base(filepath.Dir(path))+"/other", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path, other := filepath.Join(dir, "page"), filepath.Join(dir, "other")
			put(t, path, "an old one", 0o600)
			if err := make(path, other); err != nil {
				t.Fatal(err)
			}
			before, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			fails := errors.New("no such figure")
			if err := write(t, path, "half", fails); !errors.Is(err, fails) ||
				!strings.Contains(err.Error(), "write "+path+": ") {
				t.Errorf("got %v", err)
			}
			holds(t, path, "an old one")
			if err := write(t, path, "new", nil); err != nil {
				t.Error(err)
			}
			holds(t, path, "new")
			after, err := os.Lstat(path)
			if err != nil || after.Mode() != before.Mode() {
				t.Errorf("mode %v (%v), was %v", after.Mode(), err, before.Mode())
			}
			if name != "a file" {
				if !os.SameFile(before, after) {
					t.Error("it is another file now")
				}
				holds(t, other, "new")
				alone(t, dir, "other", "page")
			} else {
				alone(t, dir, "page")
			}
			if i, err := os.Stat(path); err != nil || i.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", i.Mode(), err)
			}
		})
	}
}

func TestNewFilesHeedTheUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	dir := t.TempDir()
	if err := os.Symlink("file", filepath.Join(dir, "link")); err != nil { // to nothing yet
		t.Fatal(err)
	}
	if err := write(t, filepath.Join(dir, "link"), "new", nil); err != nil {
		t.Fatal(err)
	}
	alone(t, dir, "file", "link")
	if i, err := os.Stat(filepath.Join(dir, "file")); err != nil || i.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", i, err)
	}
	if i, err := os.Lstat(filepath.Join(dir, "link")); err != nil || i.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", i, err)
	}
}

// A file of somebody else's stays theirs.
func TestOwnerIsKept(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give a file away")
	}
	path := filepath.Join(t.TempDir(), "theirs")
	put(t, path, "old", 0o664)
	if err := os.Chown(path, 12345, 54321); err != nil {
		t.Fatal(err)
	}
	if err := write(t, path, "new", nil); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "new")
	i, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if s := i.Sys().(*syscall.Stat_t); s.Uid != 12345 || s.Gid != 54321 || i.Mode().Perm() != 0o664 {
		t.Errorf("%d:%d %v", s.Uid, s.Gid, i.Mode())
	}
}

func TestLongNames(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, strings.Repeat("é", 127)+"x") // 255 bytes
	if err := write(t, path, "new", nil); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "new")
	f := create(t, path)
	where, err := f.Keep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	holds(t, where, "")
}

// A descriptor is written to where it is, as a shell's >> does, and the link that names it stays.
func TestDescriptor(t *testing.T) {
	dir := t.TempDir()
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if _, err := log.WriteString("first\n"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "stdout")
	if err := os.Symlink("/dev/fd/"+fd(log), path); err != nil {
		t.Fatal(err)
	}
	if err := write(t, path, "second\n", nil); err != nil {
		t.Fatal(err)
	}
	if f := create(t, path); f.Replaces() {
		t.Error("a descriptor is replaced")
	} else if where, err := f.Keep(t.Context()); err != nil || where != path {
		t.Errorf("%s, %v", where, err)
	}
	holds(t, log.Name(), "first\nsecond\n")
	alone(t, dir, "log", "stdout")

	readOnly, err := os.Open(log.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	for path, want := range map[string]string{"/dev/fd/" + fd(readOnly): "for reading only",
		"/dev/fd/9999": "bad file descriptor"} {
		if _, err := fileio.Create(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Devices and pipes are written to, and stay what they are.
func TestSpecialFiles(t *testing.T) {
	dir := t.TempDir()
	pipe, null, full := filepath.Join(dir, "pipe"), filepath.Join(dir, "null"), filepath.Join(dir, "full")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fileio.Create(pipe); err == nil || !strings.Contains(err.Error(), "nobody reads this pipe") {
		t.Errorf("%v", err)
	}
	reader, err := os.OpenFile(pipe, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := write(t, pipe, "new", nil); err != nil {
		t.Error(err)
	}
	if text, err := io.ReadAll(reader); err != nil || string(text) != "new" {
		t.Errorf("%q, %v", text, err)
	}
	// A reader that does not read ends with the context.
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	err = create(t, pipe).Write(stopped, func(w io.Writer) error {
		_, err := w.Write(make([]byte, 1<<20))
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "nobody reads") || time.Since(began) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	alone(t, dir, "pipe")
	if unix.Mknod(null, unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))) != nil ||
		unix.Mknod(full, unix.S_IFCHR|0o666, int(unix.Mkdev(1, 7))) != nil {
		t.Skip("only root may make devices")
	}
	if err := write(t, null, "new", nil); err != nil {
		t.Error(err)
	}
	if err := write(t, full, "new", nil); err == nil || err.Error() != "write "+full+": no space left on device" {
		t.Errorf("%v", err)
	}
	if i, err := os.Lstat(null); err != nil || i.Mode()&fs.ModeCharDevice == 0 {
		t.Errorf("%v, %v", i, err)
	}
	alone(t, dir, "full", "null", "pipe")
}

func TestRefusedBeforeAnythingIsMeasured(t *testing.T) {
	dir := t.TempDir()
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir:                                  "is a folder",
		filepath.Join(dir, "new") + "/":      "as a folder does",
		filepath.Join(dir, "none", "r.json"): "no such file or directory",
		loop:                                 "too many levels of symbolic links",
		filepath.Join(dir, strings.Repeat("n", 300)): "file name too long",
	} {
		if _, err := fileio.Create(path); err == nil || !strings.Contains(err.Error(), want) ||
			!strings.HasPrefix(err.Error(), "write "+path+": ") ||
			strings.Contains(err.Error(), ".part") {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	alone(t, dir, "loop")
}

// What a killed run left is swept by the next one to the same file, and what another run is writing
// is not.
func TestPartsOfKilledRunsAreSwept(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "record"), filepath.Join(dir, "other")
	live := create(t, path)
	all, err := filepath.Glob(filepath.Join(dir, ".*.part"))
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	put(t, all[0][:len(all[0])-len("0.part")]+"x.part", "of a killed run", 0o600)
	if err := write(t, other, "new", nil); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 3 {
		t.Errorf("%v, %v: another file's run swept", left, err)
	}
	if err := write(t, path, "new", nil); err != nil {
		t.Error(err)
	}
	alone(t, dir, filepath.Base(all[0]), "other", "record")
	if err := live.Write(t.Context(), func(w io.Writer) error {
		_, err := io.WriteString(w, "later")
		return err
	}); err != nil {
		t.Error(err)
	}
	holds(t, path, "later")
	alone(t, dir, "other", "record")
}

// Results of a run that was cut short go beside what is there, under a name that nothing has.
func TestKeep(t *testing.T) {
	dir := t.TempDir()
	path, victim := filepath.Join(dir, "results"), filepath.Join(dir, "victim")
	put(t, path, "old", 0o600)
	put(t, victim, "dear", 0o600)
	if err := os.Symlink("victim", path+".partial"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{".2.partial", ".3.partial"} {
		f := create(t, path)
		if _, err := io.WriteString(f.Content(), "half"); err != nil {
			t.Fatal(err)
		}
		where, err := f.Keep(t.Context())
		if err != nil || where != path+want {
			t.Errorf("%s, %v", where, err)
		}
		holds(t, where, "half")
		if err := os.Link(path, path+"-too"); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
	}
	holds(t, path, "old")
	holds(t, victim, "dear")
	alone(t, dir, "results", "results-too", "results.2.partial", "results.3.partial", "results.partial", "victim")
}

func TestSame(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	put(t, at("a"), "", 0o600)
	put(t, at("b"), "", 0o600)
	if err := errors.Join(os.Symlink("a", at("to a")), os.Link(at("a"), at("a too")),
		os.Symlink(".", at("here")), os.Symlink("new", at("to new"))); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{at("a"), at("a"), true}, {at("a"), at("b"), false}, {at("a"), at("to a"), true},
		{at("a"), at("a too"), true}, {at("a"), at("here/a"), true},
		{at("new"), at("here/new"), true}, {at("new"), at("to new"), true}, {at("new"), at("newer"), false},
		{at("new"), at("a"), false},
		{"/dev/stdout", "/dev/fd/1", true}, {"/dev/stdout", at("a"), false}, {"/dev/null", "/dev/null", false},
	} {
		if got := fileio.Same(test.a, test.b); got != test.want {
			t.Errorf("%s and %s: %v", test.a, test.b, got)
		}
	}
}

func fd(f *os.File) string { return strconv.Itoa(int(f.Fd())) }
