package bench

import (
	"errors"
	"slices"
	"time"

	"nodecompare/loadgen/cpuset"
	"nodecompare/loadgen/sample"
)

// surroundings are what went on around a run on the CPUs of server and generator, beside these two.
type surroundings struct {
	host   sample.Interference
	beside time.Duration // CPU time of further processes of ours
}

// lookout is one reading of it.
type lookout struct {
	host   sample.HostState
	beside time.Duration
}

func (b *bench) lookAround(h *host) (l lookout, err error) {
	for _, s := range h.beside {
		cpu, err := s.CPUTime()
		if err != nil && !errors.Is(err, sample.ErrUnsupported) {
			return l, err
		}
		l.beside += cpu
	}
	l.host, err = sample.ReadHost(b.cpus())
	return l, err
}

func (l lookout) since(earlier lookout) surroundings {
	return surroundings{l.host.Since(earlier.host), l.beside - earlier.beside}
}

// others is the CPU time that processes had which are none of ours, and all that there was; both 0 where it is not known what ours had:
// windows are those on server and generator.
func (s surroundings) others(windows []*sample.Window) (others, all time.Duration) {
	others = s.host.Ran - s.beside
	for _, w := range windows {
		if w == nil {
			return 0, 0
		}
		others -= w.CPU
	}
	return max(0, others), s.host.Elapsed * time.Duration(s.host.CPUs)
}

// cpus are those of server and generator; nil for all.
func (b *bench) cpus() cpuset.CPUs {
	if s := b.plan.split; s.Pinned() && !b.plan.auto {
		return slices.Concat(s.Server, s.Generator)
	}
	return b.plan.allowed // auto shares all of them out
}
