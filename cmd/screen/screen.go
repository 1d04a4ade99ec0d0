// Package screen draws lines on a terminal that replace the lines drawn before.
package screen

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// Interval is the least time between two drawings.
const Interval = 500 * time.Millisecond

// Screen has a part of a terminal, below what was printed before. It changes no mode of the
// terminal: neither the cursor nor the keys nor a second page. So there is nothing to restore
// after a panic, Ctrl-Z or SIGKILL, and what is printed by others goes below the lines.
type Screen struct {
	w         io.Writer
	fd        int
	drawn     []int // the widths of the lines
	at        time.Time
	continued chan os.Signal
}

// A File is a terminal's, which has a descriptor.
type File interface {
	io.Writer
	Fd() uintptr
}

// New returns a screen on a terminal. Call Wipe afterwards.
func New(terminal File) *Screen {
	s := &Screen{w: terminal, fd: int(terminal.Fd()), continued: make(chan os.Signal, 1)}
	signal.Notify(s.continued, syscall.SIGCONT)
	return s
}

// Draw draws lines in place of those drawn before, unless the last drawing was less than Interval
// ago. lines is given the size of the terminal, and returns no more and no wider lines than that.
// A process in the background does not draw.
func (s *Screen) Draw(lines func(columns, rows int) []string) {
	if now := time.Now(); now.Sub(s.at) >= Interval && s.foreground() {
		s.at = now
		s.replace("", lines)
	}
}

// Print prints text that stays, with its newline. The lines are gone until the next Draw.
func (s *Screen) Print(text string) {
	s.replace(text, nil)
	s.at = time.Time{} // the next Draw draws at once
}

// Wipe removes the lines. Others may follow.
func (s *Screen) Wipe() { s.Print("") }

// replace wipes the lines, prints text in their place, and draws others below.
func (s *Screen) replace(text string, lines func(columns, rows int) []string) {
	columns, rows, err := term.GetSize(s.fd)
	if err != nil || columns < 1 || rows < 2 {
		columns, rows = 80, 24 // a terminal that has gone, or does not tell
	}
	var b strings.Builder
	if up := s.above(columns); up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r", min(up, rows-1))
	}
	s.drawn = s.drawn[:0]
	if text != "" {
		b.WriteString("\x1b[J" + text)
	}
	if lines != nil {
		for _, l := range lines(columns, rows-1) { // the cursor stands below them
			b.WriteString("\x1b[2K" + l + "\n")
			s.drawn = append(s.drawn, width(l))
		}
	}
	b.WriteString("\x1b[J")
	if _, err := io.WriteString(s.w, b.String()); err != nil {
		s.w = io.Discard // a terminal that has gone is no reason to measure nothing
	}
}

// above returns how many rows the lines take. A terminal that has become narrower has broken them.
// After a stop the lines are the shell's to scroll: the next ones go below.
func (s *Screen) above(columns int) (rows int) {
	select {
	case <-s.continued:
		return 0
	default:
	}
	for _, w := range s.drawn {
		rows += max(1, (w+columns-1)/columns)
	}
	return rows
}

// foreground reports whether the terminal is this process's to draw on, as far as that is known.
func (s *Screen) foreground() bool {
	group, err := unix.IoctlGetInt(s.fd, unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}

// width is the number of columns of a line without its escape sequences.
func width(line string) int {
	return twwidth.WidthWithOptions(line, twwidth.Options{})
}
