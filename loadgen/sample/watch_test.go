package sample

import (
	"errors"
	"os"
	"testing"
	"time"
)

// A pid that is another process's by now cannot be had at will: the watcher is told that its process had started at
// another time.
func TestPidReused(t *testing.T) {
	g, err := readProcess(os.Getpid())
	if errors.Is(err, ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	g.started--
	w := Watcher{of: lone(os.Getpid()), first: g}
	if err := w.tick(); !errors.Is(err, ErrEnded) {
		t.Errorf("got %v, want ErrEnded", err)
	}
}

func TestThinKeepsTheSpan(t *testing.T) {
	var w Watcher
	for i := range 101 {
		w.window.Ticks = append(w.window.Ticks, Tick{At: time.Duration(i)})
	}
	w.thin()
	if n := len(w.window.Ticks); n != 51 || w.window.Ticks[1].At != 2 || w.window.Ticks[50].At != 100 {
		t.Errorf("%d ticks left: %v", n, w.window.Ticks)
	}
}
