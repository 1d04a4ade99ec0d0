package sample

import (
	"errors"
	"os"
	"testing"
	"time"
)

// A pid that is another process's by now cannot be had at will: the watcher is told that its
// process had started at another time.
func TestPidReused(t *testing.T) {
	g, err := readProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	g.started--
	w := Watcher{of: lone(os.Getpid()), first: g}
	if err := w.tick(); !errors.Is(err, ErrEnded) {
		t.Errorf("got %v, want ErrEnded", err)
	}
}

// A process's own figures are to be had on every system: it has run, and something of it is in
// memory.
func TestOwnFigures(t *testing.T) {
	for _, s := range []Subject{{PID: os.Getpid()}, {PID: os.Getpid(), Scope: WithTree}} {
		w, err := s.Watch(time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		for from, began := w.first.cpu, time.Now(); time.Since(began) < time.Minute; {
			if now, err := s.CPUTime(); err != nil || now >= from+20*time.Millisecond {
				break
			}
		}
		v, err := w.Stop()
		if err != nil || v.CPU < 20*time.Millisecond || v.ThreadsPeak < 1 || v.RSSPeak < 1<<20 ||
			v.FDsPeak < 3 || v.Processes < 1 {
			t.Errorf("%+v: %+v, %v", s, v, err)
		}
	}
	for _, scope := range []Scope{Alone, WithTree} {
		if _, err := (Subject{PID: 1 << 30, Scope: scope}).Watch(time.Hour); !errors.Is(err, ErrEnded) {
			t.Errorf("of nobody: %v, want ErrEnded", err)
		}
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
