package sample

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// ErrUnsupported says that this system does not give the figures of this process: macOS those of
// another user's. The load itself works.
var ErrUnsupported = errors.New("the system does not tell them")

// ErrEnded says that a process ended, or that its pid became another's, while it was looked at.
var ErrEnded = errors.New("the process has ended")

// Subject says whose figures are read: a process's, or those of a tree of processes.
type Subject struct {
	PID   int
	Scope Scope
}

// Scope is which processes are meant by the one that a subject names.
type Scope int

// The scopes of a subject.
const (
	Alone    Scope = iota // that process
	WithTree              // it, and all that descend from it
	Below                 // only those that descend from it: it looks after them, and is no part of what is measured
)

// about says which process an error is of, and turns the ways in which a system shows one that is
// gone into ErrEnded.
func about(pid int, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		err = ErrEnded
	}
	return fmt.Errorf("figures of process %d: %w", pid, err)
}

// A source is what a watcher reads.
type source interface {
	read() (reading, error)    // what is cheap
	threads() (threads, error) // of all processes: thread ids are unique among them
	fds() (int, error)
	pss() (uint64, error)
}

func (s Subject) source() (source, error) {
	if s.Scope == Alone {
		return lone(s.PID), nil
	}
	return openTree(s)
}

// CPUTime returns what the subject has used since it started, user and system, by the scheduler's
// own clock. Of a process alone that takes one system call, however many threads there are; of a
// tree, a look at every process of the machine. Of a tree's processes that have ended it has what
// their parents were told (wait4(2)), in units of 10 ms. The error is ErrUnsupported where the
// system does not tell.
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

// reading is what is cheap to read of a process: 0.1 ms, and as much for each 500 threads.
type reading struct {
	// of all its threads, those that ended too: the scheduler's own clock (clock_getcpuclockid(3))
	cpu       time.Duration
	rss       uint64 // bytes
	threads   int
	processes int
	pid       int    // of a tree: of its root
	started   uint64 // since boot, in clock ticks: with the pid, the process's identity
}

// sameAs is an error when the pid is by now another process's than the one that g was read of.
func (g reading) sameAs(now reading) error {
	if now.started != g.started {
		return fmt.Errorf("figures of process %d: %w, and its pid is now another's", g.pid, ErrEnded)
	}
	return nil
}

// busyShare is how much of the CPU time of the thread that used most another one must have used to
// do the work as well: loops and the threads of a pool share it out more evenly than that. A
// runtime's own use less: Go's monitor, which looks about every 20 µs while others run, up to two
// fifths of a loop that mostly waits.
const busyShare = 0.5

// thread is what one thread has used since it began.
type thread struct {
	cpu                    time.Duration
	voluntary, involuntary uint64        // context switches
	waited                 time.Duration // ready to run, until it was given a CPU
	runs                   uint64        // how often it was given one
}

// since is what it used after an earlier reading; that of a thread which began later is zero.
func (t thread) since(earlier thread) thread {
	return thread{
		cpu:         max(0, t.cpu-earlier.cpu),
		voluntary:   t.voluntary - min(earlier.voluntary, t.voluntary),
		involuntary: t.involuntary - min(earlier.involuntary, t.involuntary),
		waited:      max(0, t.waited-earlier.waited),
		runs:        t.runs - min(earlier.runs, t.runs),
	}
}

// threads are a process's, by thread id.
type threads map[int]thread

// activity is what threads did between two readings.
type activity struct {
	voluntary, involuntary uint64
	active, busy           int           // as in Window
	waited                 time.Duration // of the busy ones, added up
	runs                   uint64        // the same
}

// since compares with an earlier reading.
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
