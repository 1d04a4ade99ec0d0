package sample

import (
	"time"

	"nodecompare/loadgen/cpuset"
)

// ReadHost returns an empty state: macOS counts neither steal time nor quotas.
func ReadHost(cpus cpuset.CPUs) (HostState, error) {
	return HostState{at: time.Now(), cpus: len(cpus)}, nil
}
