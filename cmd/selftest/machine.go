package selftest

import (
	"errors"
	"os"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen/cpuset"
	"nodecompare/loadgen/sample"
)

// readMachine reads who has had how much CPU time: engine and server are ours.
func readMachine(server int) (measure.HostUsage, error) {
	cpus, err := cpuset.Allowed() // what others have of further ones is no matter
	if err != nil && !errors.Is(err, cpuset.ErrNoPinning) {
		return measure.HostUsage{}, err
	}
	return measure.ReadHostUsage(cpus, sample.Subject{PID: os.Getpid()}, sample.Subject{PID: server})
}

// others returns the share of the machine's CPU time that others had, steal included; 0 where it is not known.
func others(i measure.Interference) float64 {
	if !i.OursKnown || i.All <= 0 {
		return 0
	}
	return max(0, (i.Busy+i.Stolen-i.Ours).Seconds()/i.All.Seconds())
}
