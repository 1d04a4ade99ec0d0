package sample

import "time"

// Subject says whose figures are read: a process's, or those of a tree of processes.
type Subject struct {
	PID   int
	Scope Scope
}

// Scope is which processes are meant by the one that a subject names.
type Scope int

const (
	Alone    Scope = iota // that process
	WithTree              // it, and all that descend from it
	Below                 // only those that descend from it: it looks after them, and is no part of what is measured
)

// A source is what a watcher reads.
type source interface {
	gauge() (gauge, error)     // what is cheap
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

// CPUTime is what the subject has used since it started, user and system, by the scheduler's own clock: of a process alone that is one
// system call, however many threads there are; of a tree, a look at every process of the machine. Of a tree's processes that have
// ended it has what their parents were told (wait4(2)), in units of 10 ms. ErrUnsupported where the system does not tell.
func (s Subject) CPUTime() (time.Duration, error) {
	if s.Scope == Alone {
		return cpuTime(s.PID)
	}
	t, err := openTree(s)
	if err != nil {
		return 0, err
	}
	g, err := t.gauge()
	return g.cpu, err
}

// lone is the source of one process, by its pid.
type lone int

func (pid lone) gauge() (gauge, error)     { return readGauge(int(pid)) }
func (pid lone) threads() (threads, error) { return readThreads(int(pid)) }
func (pid lone) fds() (int, error)         { return readFDs(int(pid)) }
func (pid lone) pss() (uint64, error)      { return readPSS(int(pid)) }
