package sample

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// ErrUnsupported says that this system does not report the figures of a process, as macOS for
// another user's. The load itself works.
var ErrUnsupported = errors.New("the system does not tell them")

// ErrEnded says that a process ended, or its pid passed to another, while it was read.
var ErrEnded = errors.New("the process has ended")

// Subject says whose figures are read: a process's, or a process tree's.
type Subject struct {
	PID   int
	Scope Scope
}

// Scope says which processes belong to a subject.
type Scope int

// Scopes of a subject.
const (
	Alone    Scope = iota // the process
	WithTree              // the process and its descendants
	Below                 // the descendants only, of a process that merely supervises
)

// about adds the pid to an error, and maps the system's ways of reporting an ended process to
// ErrEnded.
func about(pid int, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		err = ErrEnded
	}
	return fmt.Errorf("figures of process %d: %w", pid, err)
}

// A source is what a watcher reads.
type source interface {
	read() (reading, error)    // the cheap figures
	threads() (threads, error) // of all processes, by thread id, which is unique
	fds() (int, error)
	pss() (uint64, error)
}

func (s Subject) source() (source, error) {
	if s.Scope == Alone {
		return lone(s.PID), nil
	}
	return openTree(s)
}

// CPUTime returns the subject's user and system time since its start, by the scheduler's clock. For
// one process CPUTime takes one system call, for a tree a look at every process of the machine. For
// ended processes of a tree it uses what their parents were told (wait4(2)), in units of 10 ms. The
// error is ErrUnsupported if the system does not report it.
func (s Subject) CPUTime() (time.Duration, error) {
	if s.Scope == Alone {
		return cpuTime(s.PID)
	}
	t, err := openTree(s)
	if err != nil {
		return 0, err
	}
	g, err := t.read()
	return g.cpu, err
}

// lone is the source of one process, by its pid.
type lone int

func (pid lone) read() (reading, error)    { return readProcess(int(pid)) }
func (pid lone) threads() (threads, error) { return readThreads(int(pid)) }
func (pid lone) fds() (int, error)         { return readFDs(int(pid)) }
func (pid lone) pss() (uint64, error)      { return readPSS(int(pid)) }

// reading holds the cheap figures of a process: 0.1 ms, and as much again for each 500 threads.
type reading struct {
	// cpu includes ended threads, by the scheduler's clock (clock_getcpuclockid(3)).
	cpu       time.Duration
	rss       uint64 // bytes
	threads   int
	processes int
	pid       int    // of a tree's root
	started   uint64 // since boot, in clock ticks: identifies the process with the pid
}

// sameAs returns an error if the pid has passed to another process since g was read.
func (g reading) sameAs(now reading) error {
	if now.started != g.started {
		return fmt.Errorf("figures of process %d: %w, and its pid is now another's", g.pid, ErrEnded)
	}
	return nil
}

// busyShare is the share of the busiest thread's CPU time from which another thread counts as busy
// too. Event loops and pool threads share the work more evenly. A runtime's own threads use less:
// Go's monitor, which looks about every 20 µs while others run, uses up to two fifths of a loop
// that mostly waits.
const busyShare = 0.5

// thread is what one thread has used since it began.
type thread struct {
	cpu                    time.Duration
	voluntary, involuntary uint64        // context switches
	waited                 time.Duration // runnable without a CPU
	runs                   uint64        // how often it got a CPU
}

// since returns the use after an earlier reading, which is zero for a new thread.
func (t thread) since(earlier thread) thread {
	return thread{
		cpu:         max(0, t.cpu-earlier.cpu),
		voluntary:   t.voluntary - min(earlier.voluntary, t.voluntary),
		involuntary: t.involuntary - min(earlier.involuntary, t.involuntary),
		waited:      max(0, t.waited-earlier.waited),
		runs:        t.runs - min(earlier.runs, t.runs),
	}
}

// threads are a process's threads by thread id.
type threads map[int]thread

// activity is what threads did between two readings.
type activity struct {
	voluntary, involuntary uint64
	active, busy           int           // as in Window
	waited                 time.Duration // sum over the busy ones
	runs                   uint64        // likewise
}

// since returns the activity after an earlier reading.
func (now threads) since(earlier threads) activity {
	var a activity
	var most time.Duration
	did := make([]thread, 0, len(now))
	for tid, t := range now {
		before, old := earlier[tid]
		d := t.since(before)
		a.voluntary += d.voluntary
		a.involuntary += d.involuntary
		if !old || d != (thread{}) {
			a.active++
		}
		did = append(did, d)
		most = max(most, d.cpu)
	}
	for _, d := range did {
		if most > 0 && float64(d.cpu) >= busyShare*float64(most) {
			a.busy++
			a.waited, a.runs = a.waited+d.waited, a.runs+d.runs
		}
	}
	return a
}
