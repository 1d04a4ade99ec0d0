package measure

import (
	"errors"
	"time"

	"nodecompare/loadgen/cpuset"
	"nodecompare/loadgen/sample"
)

// HostUsage is one reading of the CPU time used so far, by owner.
type HostUsage struct {
	host  sample.HostState
	ours  time.Duration // of this tool's processes
	known bool          // the system reports it for all of them
}

// ReadHostUsage reads the host's CPUs, all of them if cpus is nil, and our processes.
func ReadHostUsage(cpus cpuset.CPUs, ours ...sample.Subject) (u HostUsage, err error) {
	u.known = true
	for _, s := range ours {
		used, err := s.CPUTime()
		switch {
		case errors.Is(err, sample.ErrUnsupported):
			u.known = false
		case err != nil:
			return u, err
		}
		u.ours += used
	}
	u.host, err = sample.ReadHost(cpus)
	return u, err
}

// Interference is what happened on the host's CPUs between two readings.
type Interference struct {
	sample.Interference
	Ours      time.Duration // CPU time of this tool's processes
	OursKnown bool
	All       time.Duration // CPU time available
}

// Since returns what happened since an earlier reading.
func (u HostUsage) Since(earlier HostUsage) Interference {
	i := u.host.Since(earlier.host)
	return Interference{i, u.ours - earlier.ours, u.known && earlier.known, i.Elapsed * time.Duration(i.CPUs)}
}

// Others returns the CPU time used by foreign processes and the total available. windows were open
// on our processes that ReadHostUsage did not read. Both results are 0 if a window is missing,
// because our own share is then unknown.
func (i Interference) Others(windows []*sample.Window) (others, all time.Duration) {
	others = i.Ran - i.Ours
	for _, w := range windows {
		if w == nil {
			return 0, 0
		}
		others -= w.CPU
	}
	return max(0, others), i.All
}

// CPUTime returns a subject's CPU time since its start; 0 if the system does not report it, and for
// nobody.
func CPUTime(s sample.Subject) (time.Duration, error) {
	if s == (sample.Subject{}) {
		return 0, nil
	}
	used, err := s.CPUTime()
	if errors.Is(err, sample.ErrUnsupported) {
		return 0, nil
	}
	return used, err
}
