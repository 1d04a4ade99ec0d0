package screen_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"nodecompare/cmd/screen"
	"nodecompare/cmd/screen/screentest"
)

// numbered draws so many lines, as wide as the terminal.
func numbered(n int, mark string) func(columns, rows int) []string {
	return func(columns, rows int) []string {
		var lines []string
		for i := range min(n, rows) {
			lines = append(lines, fmt.Sprintf("%s%d%s", mark, i, strings.Repeat(".", columns-len(mark)-1)))
		}
		return lines
	}
}

// next waits until a screen draws again.
func next() { time.Sleep(screen.Interval + 10*time.Millisecond) }

func TestDrawReplacesWhatWasDrawn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		resize func(*testing.T, *screentest.Terminal)
		want   string
	}{
		"the same size": {func(*testing.T, *screentest.Terminal) {}, "b0..................\nb1..................\n"},
		"narrower": {func(t *testing.T, s *screentest.Terminal) { s.Resize(t, 9, 10) },
			"b0.......\nb1.......\n"},
		"wider": {func(t *testing.T, s *screentest.Terminal) { s.Resize(t, 22, 10) },
			"b0....................\nb1....................\n"},
		"lower": {func(t *testing.T, s *screentest.Terminal) { s.Resize(t, 20, 4) },
			"b0..................\nb1..................\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terminal := screentest.Open(t, 20, 10)
			modes := terminal.Modes(t)
			s := screen.New(terminal.File)
			s.Print("before\n")
			s.Draw(numbered(3, "a"))
			terminal.Await(t, "a2..................\n")
			c.resize(t, terminal)
			next()
			s.Draw(numbered(2, "b"))
			terminal.AwaitOnly(t, "before\n"+c.want)
			s.Print("after\n")
			terminal.AwaitOnly(t, "before\nafter\n")
			if got := terminal.Modes(t); got != modes || terminal.Unknown() != nil {
				t.Errorf("the terminal was changed: %v, %s, before %s", terminal.Unknown(), got, modes)
			}
		})
	}
}

// Two drawings are at least Interval apart.
func TestDrawIsSeldom(t *testing.T) {
	t.Parallel()
	terminal := screentest.Open(t, 20, 10)
	s := screen.New(terminal.File)
	drawn := 0
	began := time.Now()
	for range 1000 {
		s.Draw(func(int, int) []string { drawn++; return nil })
	}
	if most := 1 + int(time.Since(began)/screen.Interval); drawn < 1 || drawn > most {
		t.Errorf("drawn %d times, want 1 to %d", drawn, most)
	}
}

// After Ctrl-Z and fg the lines of the shell stay.
func TestDrawBelowAfterAStop(t *testing.T) {
	terminal := screentest.Open(t, 20, 10)
	s := screen.New(terminal.File)
	s.Draw(numbered(2, "a"))
	terminal.Await(t, "a1")
	fmt.Fprintln(terminal.File, "$ fg")
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	for !s.Stopped() {
		time.Sleep(time.Millisecond) // a signal takes its time
	}
	next()
	s.Draw(numbered(1, "b"))
	terminal.Await(t, "a1..................\n$ fg\nb0")
}

// A terminal that has gone is no reason to stop.
func TestDrawOnAClosedWindow(t *testing.T) {
	t.Parallel()
	terminal := screentest.Open(t, 20, 10)
	s := screen.New(terminal.File)
	terminal.Close()
	s.Draw(numbered(2, "a"))
	s.Print("after\n")
	s.Wipe()
}
