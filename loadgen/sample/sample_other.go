//go:build !linux

package sample

import (
	"time"

	"nodecompare/loadgen/cpuset"
)

// The figures of a process are not possible here: macOS shows them by libproc only, which needs cgo.

func cpuTime(int) (time.Duration, error) { return 0, ErrUnsupported }

func openTree(Subject) (source, error) { return nil, ErrUnsupported }

func readProcess(int) (reading, error) { return reading{}, ErrUnsupported }

func readThreads(int) (threads, error) { return nil, ErrUnsupported }

func readPSS(int) (uint64, error) { return 0, ErrUnsupported }

func readFDs(int) (int, error) { return 0, ErrUnsupported }

func readForks() (uint64, error) { return 0, ErrUnsupported }

// ReadHost returns a state from which nothing follows: macOS counts neither steal time nor quotas, and
// Interference says so.
func ReadHost(cpus cpuset.CPUs) (HostState, error) {
	return HostState{at: time.Now(), cpus: len(cpus)}, nil
}
