package child

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"sync"
)

const (
	tailBytes = 4 << 10
	tailLines = 8
)

// A crashing Go program prints the reason first, and then all its stacks and registers. Node.js
// prints the reason last.
var (
	crash     = regexp.MustCompile(`^(panic|fatal error|runtime|runtime/cgo|SIG[A-Z]+): `)
	unwinding = regexp.MustCompile(`^runtime: g \d+`) // in the midst of the stacks
	registers = regexp.MustCompile(`^[a-z][a-z0-9]{1,5} +0x[0-9a-f]+`)
)

// reasonLines is how many lines of a crash's beginning are kept.
const reasonLines = 3

// tail keeps the last lines of a stream, and the reason of a crash.
type tail struct {
	mu     sync.Mutex
	buf    []byte
	line   []byte   // the incomplete line
	reason []string // of the last crash: consecutive lines
	told   bool     // the previous line was part of the reason
}

func (t *tail) readFrom(f *os.File) {
	buf := make([]byte, 4096)
	for {
		n, err := f.Read(buf)
		t.write(buf[:n])
		if err != nil {
			return
		}
	}
}

func (t *tail) write(b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range bytes.Lines(b) {
		t.line = append(t.line, line[:min(len(line), tailBytes-len(t.line))]...)
		if line[len(line)-1] == '\n' {
			t.heed(string(bytes.TrimSpace(t.line)))
			t.line = t.line[:0]
		}
	}
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - tailBytes; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
}

// heed keeps a line that states a reason.
func (t *tail) heed(line string) {
	is := crash.MatchString(line) && !unwinding.MatchString(line)
	if is && !t.told {
		t.reason = nil
	}
	if is && len(t.reason) < reasonLines {
		t.reason = append(t.reason, line)
	}
	t.told = is
}

// note adds a line of this program.
func (t *tail) note(line string) { t.write([]byte("\n" + line + "\n")) }

func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var kept []string
	for line := range bytes.Lines(t.buf) {
		if line = bytes.TrimSpace(line); len(line) > 0 && !(len(t.reason) > 0 && registers.Match(line)) {
			kept = append(kept, string(line))
		}
	}
	kept = kept[max(0, len(kept)-tailLines):]
	if len(t.reason) == 0 || slices.Contains(kept, t.reason[0]) {
		return kept
	}
	return slices.Concat(t.reason, kept[min(len(kept), len(t.reason)):])
}
