// Package screentest has terminals for tests. Only tests import it.
package screentest

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A Terminal is a pseudo-terminal with what its user would see on it. It knows the sequences that
// this program writes, and breaks lines that it becomes too narrow for, as most terminals do.
type Terminal struct {
	File *os.File // of the program's side

	master *os.File
	done   chan struct{}

	mu            sync.Mutex
	columns, rows int
	lines         []string // all ever shown, also those that have scrolled away
	row, column   int      // of the cursor
	unknown       []string // sequences
}

// Open opens a terminal until the test ends.
func Open(t *testing.T, columns, rows int) *Terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this system gives no pseudo-terminal: %v", err)
	}
	var name string
	if err := control(master, func(fd int) (err error) { name, err = ptsName(fd); return err }); err != nil {
		t.Skipf("this system gives no pseudo-terminal: %v", err)
	}
	slave, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := &Terminal{File: slave, master: master, done: make(chan struct{}), lines: []string{""}}
	s.Resize(t, columns, rows)
	go s.read()
	t.Cleanup(s.Close)
	return s
}

// Close closes the window.
func (s *Terminal) Close() {
	s.master.Close()
	<-s.done
	s.File.Close()
}

// control calls use with a file's descriptor, and leaves it one that Close can interrupt.
func control(f *os.File, use func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	return errors.Join(raw.Control(func(fd uintptr) { err = use(int(fd)) }), err)
}

// Type types keys, such as \x03 for Ctrl-C.
func (s *Terminal) Type(t *testing.T, keys string) {
	t.Helper()
	if _, err := s.master.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// Resize makes the window so large. Lines wider than it are broken.
func (s *Terminal) Resize(t *testing.T, columns, rows int) {
	t.Helper()
	size := unix.Winsize{Col: uint16(columns), Row: uint16(rows)}
	err := control(s.master, func(fd int) error { return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &size) })
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.columns, s.rows = columns, rows
	var broken []string
	for i, l := range s.lines {
		if i == s.row {
			s.row = len(broken)
		}
		r := []rune(l)
		for len(r) > columns {
			broken, r = append(broken, string(r[:columns])), r[columns:]
		}
		broken = append(broken, string(r))
	}
	s.lines = broken
}

// String is all that has been printed, line by line, without what was wiped.
func (s *Terminal) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimRight(strings.Join(s.lines, "\n"), "\n") + "\n"
}

// Unknown are sequences that are not among those that leave a terminal as it was.
func (s *Terminal) Unknown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unknown
}

// Await waits until the text is there.
func (s *Terminal) Await(t *testing.T, text string) {
	t.Helper()
	s.await(t, "shows", text, func(all string) bool { return strings.Contains(all, text) })
}

// AwaitOnly waits until the text is all that is there, spaces aside. What was written comes in
// parts.
func (s *Terminal) AwaitOnly(t *testing.T, text string) {
	t.Helper()
	s.await(t, "shows only", text, func(all string) bool { return strings.ReplaceAll(all, " ", "") == text })
}

func (s *Terminal) await(t *testing.T, what, text string, there func(all string) bool) {
	t.Helper()
	for began := time.Now(); !there(s.String()); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 2*time.Minute {
			t.Fatalf("it never came that the terminal %s %q:\n%s", what, text, s)
		}
	}
}

// Settle waits until all that was written so far is shown, and a last line that says so.
func (s *Terminal) Settle(t *testing.T) {
	t.Helper()
	const last = "(all is shown)"
	if _, err := s.File.WriteString(last + "\n"); err != nil {
		t.Fatal(err)
	}
	s.Await(t, last)
}

// Modes are the settings of the line, which a program may change and must restore.
func (s *Terminal) Modes(t *testing.T) string {
	t.Helper()
	var m *unix.Termios
	if err := control(s.File, func(fd int) (err error) { m, err = modes(fd); return err }); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%+v", *m)
}

func (s *Terminal) read() {
	defer close(s.done)
	buffer := make([]byte, 4096)
	var rest string
	for {
		n, err := s.master.Read(buffer)
		if n > 0 {
			s.mu.Lock()
			rest = s.take(rest + string(buffer[:n]))
			s.mu.Unlock()
		}
		if err != nil {
			return // EIO: nobody has it open any more
		}
	}
}

// take carries out what was written, and returns what is not whole yet.
func (s *Terminal) take(text string) (rest string) {
	for text != "" {
		switch {
		case text[0] == '\r':
			s.column, text = 0, text[1:]
		case text[0] == '\n':
			s.column, text = 0, text[1:]
			if s.row++; s.row == len(s.lines) {
				s.lines = append(s.lines, "")
			}
		case text[0] == '\x1b':
			end := strings.IndexFunc(text[1:], func(r rune) bool { return r >= '@' && r != '[' })
			if end < 0 {
				return text
			}
			s.sequence(text[1 : end+2])
			text = text[end+2:]
		default:
			r, size := []rune(text)[0], 0
			if size = len(string(r)); r == '\ufffd' && len(text) < 4 {
				return text // a part of a character
			}
			s.put(r)
			text = text[size:]
		}
	}
	return ""
}

func (s *Terminal) put(r rune) {
	if s.column == s.columns {
		s.take("\n")
	}
	line := []rune(s.lines[s.row])
	for len(line) <= s.column {
		line = append(line, ' ')
	}
	line[s.column] = r
	s.lines[s.row] = string(line)
	s.column++
}

// sequence carries out a control sequence (ECMA-48), without its ESC.
func (s *Terminal) sequence(text string) {
	n, err := strconv.Atoi(strings.Trim(text, "[ABCDEFGHJKm"))
	if err != nil {
		n = 0
	}
	switch {
	case strings.HasSuffix(text, "m"): // colours
	case strings.HasSuffix(text, "A"):
		s.row = max(s.row-max(n, 1), len(s.lines)-s.rows, 0)
	case text == "[J":
		s.lines = s.lines[:s.row+1]
		s.lines[s.row] = string([]rune(s.lines[s.row])[:min(s.column, len([]rune(s.lines[s.row])))])
	case text == "[K":
		s.lines[s.row] = string([]rune(s.lines[s.row])[:min(s.column, len([]rune(s.lines[s.row])))])
	case text == "[2K":
		s.lines[s.row] = ""
	default:
		s.unknown = append(s.unknown, text)
	}
}
