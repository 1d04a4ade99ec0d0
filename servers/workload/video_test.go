package workload_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nodecompare/servers/workload"
)

// Each byte of the video is known by its place, wherever one begins.
func TestVideoBytes(t *testing.T) {
	all := make([]byte, 100)
	workload.VideoBytes(all, 4096)
	// 513 times 0x9e3779b97f4a7c15 is 0x13d0d2aecb81442a615, of which 64 bits are left
	if want := []byte{0x15, 0xa6, 0x42, 0x14, 0xb8, 0xec, 0x2a, 0x0d}; !bytes.Equal(all[8:16], want) {
		t.Errorf("the word 513 is % x, want % x", all[8:16], want)
	}
	for from := range 20 {
		for to := from; to <= from+20; to++ {
			got := make([]byte, to-from)
			if workload.VideoBytes(got, int64(4096+from)); !bytes.Equal(got, all[from:to]) {
				t.Errorf("from %d to %d: % x, want % x", from, to, got, all[from:to])
			}
		}
	}
}

// The video is made for the first request that wants it, and again where it is not the video; a
// server that has it open keeps it.
func TestVideoIsMade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "video.bin")
	s := open(t, workload.Options{Dir: dir})
	if _, err := os.Stat(name); !os.IsNotExist(err) {
		t.Errorf("it is there before anybody wants it: %v", err)
	}
	all := make([]byte, workload.VideoSize)
	workload.VideoBytes(all, 0)
	want := string(all)
	watch := func(s *workload.Service) {
		t.Helper()
		a := dial(t, s).get("/stream")
		if a.Status != 200 || a.ContentType != data || a.Body != want {
			t.Errorf("it answered %d, %s, %d bytes, or others", a.Status, a.ContentType, len(a.Body))
		}
	}
	watch(s)
	for what, damage := range map[string]func() error{
		"cut short": func() error { return os.Truncate(name, workload.VideoSize-1) },
		"another":   func() error { return os.WriteFile(name, make([]byte, workload.VideoSize), 0o644) },
	} {
		if err := os.Remove(name); err != nil { // the server that has it open keeps its own
			t.Fatal(err)
		}
		if _, err := workload.Video(dir); err != nil {
			t.Fatal(err)
		}
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		t.Log(what)
		watch(open(t, workload.Options{Dir: dir}))
	}
	whole, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	watch(open(t, workload.Options{Dir: dir}))
	if again, err := os.Stat(name); err != nil || !os.SameFile(whole, again) {
		t.Errorf("it was made again although it was whole: %v", err)
	}
}

// Where there is no room for it, the answer says so, and a later request tries again.
func TestNoRoomForTheVideo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, workload.Options{Dir: dir})
	name := filepath.Join(dir, "video.bin")
	if err := os.MkdirAll(filepath.Join(name, "taken"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := dial(t, s)
	if a := c.get("/stream"); a.Status != 500 || a.ContentType != json || !strings.Contains(a.Body, dir) {
		t.Errorf("it answered %+v", a)
	}
	if a := c.get("/"); a != helloHTML {
		t.Errorf("then / answered %+v", a)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".making-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
	if a := c.get("/stream"); a.Status != 200 || len(a.Body) != workload.VideoSize {
		t.Errorf("with room it answered %d with %d bytes", a.Status, len(a.Body))
	}
}
