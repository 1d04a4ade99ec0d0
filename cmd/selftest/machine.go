package selftest

import (
	"errors"
	"os"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen/cpuset"
	"nodecompare/loadgen/sample"
)

// readMachine reads the CPU time by owner. Engine and server are this tool's.
func readMachine(server int) (measure.HostUsage, error) {
	cpus, err := cpuset.Allowed() // the use of other CPUs does not matter
	if err != nil && !errors.Is(err, cpuset.ErrNoPinning) {
		return measure.HostUsage{}, err
	}
	return measure.ReadHostUsage(cpus, sample.Subject{PID: os.Getpid()}, sample.Subject{PID: server})
}

// tick is the unit of a system's counters of CPU time.
const tick = 10 * time.Millisecond

// take records who used the machine's CPU time while the plain client ran, if known.
func (w *Witness) take(i measure.Interference) {
	if i.OursKnown && i.All > 0 {
		w.Others = max(0, (i.Busy+i.Stolen-i.Ours).Seconds()/i.All.Seconds())
	}
	if wanted := i.Stolen + i.Busy; i.Stolen > 2*tick*time.Duration(i.CPUs) {
		w.Stolen = i.Stolen.Seconds() / wanted.Seconds()
	}
}
