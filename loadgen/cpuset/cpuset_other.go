//go:build !linux

package cpuset

import "fmt"

// Allowed returns ErrNoPinning: macOS cannot bind a thread to a CPU (its affinity tags are hints,
// and Apple silicon ignores them).
func Allowed() (CPUs, error) { return nil, ErrNoPinning }

// Affinity returns ErrNoPinning.
func Affinity(pid int) (CPUs, error) {
	return nil, fmt.Errorf("CPUs of process %d: %w", pid, ErrNoPinning)
}

// PinSelf returns ErrNoPinning.
func PinSelf(cpus CPUs) (restore func() error, err error) {
	return nil, fmt.Errorf("pin this process to CPU %v: %w", cpus, ErrNoPinning)
}

// Pinned runs start if cpus is empty, and otherwise returns ErrNoPinning without running it.
func Pinned(cpus CPUs, start func() error) error {
	if len(cpus) > 0 {
		return fmt.Errorf("start on CPU %v: %w", cpus, ErrNoPinning)
	}
	return start()
}

func siblings(int) CPUs { return nil }
