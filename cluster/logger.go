package cluster

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// logger passes on what NATS's server says of refused clients. A client that fails again and again
// has a line a second.
type logger struct {
	say func(string)

	mu      sync.Mutex
	last    time.Time
	skipped int
}

// mostOften is the shortest time between two lines.
const mostOften = time.Second

func (l *logger) line(format string, v []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.last) < mostOften {
		l.skipped++
		return
	}
	text := "refused: " + strings.TrimSpace(fmt.Sprintf(format, v...))
	if l.skipped > 0 {
		text += fmt.Sprintf(" (and %d more)", l.skipped)
	}
	l.last, l.skipped = time.Now(), 0
	l.say(text)
}

// Errorf is of clients without the right token, without TLS, or with garbage.
func (l *logger) Errorf(format string, v ...any) { l.line(format, v) }

// Warnf is about settings, and these are ours.
func (l *logger) Warnf(string, ...any) {}

// Fatalf is of an address that cannot be listened on, which NewHub reports.
func (l *logger) Fatalf(string, ...any) {}

// Noticef, Debugf and Tracef say how the server is.
func (l *logger) Noticef(string, ...any) {}

// Debugf: see Noticef.
func (l *logger) Debugf(string, ...any) {}

// Tracef: see Noticef.
func (l *logger) Tracef(string, ...any) {}
