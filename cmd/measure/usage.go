package measure

import (
	"errors"
	"time"

	"nodecompare/loadgen/cpuset"
	"nodecompare/loadgen/sample"
)

// HostUsage is one reading of who has had how much CPU time.
type HostUsage struct {
	host  sample.HostState
	ours  time.Duration // of our processes
	known bool          // the system tells it of all of them
}

// ReadHostUsage reads the host's CPUs, all of them where cpus is nil, and our processes.
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
	Ours      time.Duration // CPU time of our processes
	OursKnown bool
	All       time.Duration // CPU time that there was
}

// Since returns what happened since an earlier reading.
func (u HostUsage) Since(earlier HostUsage) Interference {
	i := u.host.Since(earlier.host)
	return Interference{i, u.ours - earlier.ours, u.known && earlier.known, i.Elapsed * time.Duration(i.CPUs)}
}

// Others returns the CPU time that other processes had and all that there was, when windows were
// open on ours that were not read. Both are 0 where a window is missing, because our own share is
// then unknown.
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

// CPUTime returns what a subject has used since it started; 0 where the system does not tell, and
// of nobody.
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
