package selftest

import (
	"errors"
	"os"
	"time"

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

// tick is the unit of a system's counters of CPU time.
const tick = 10 * time.Millisecond

// take notes who had the machine's CPU time while the plain client asked; nothing where it is not
// known.
func (w *Witness) take(i measure.Interference) {
	if i.OursKnown && i.All > 0 {
		w.Others = max(0, (i.Busy+i.Stolen-i.Ours).Seconds()/i.All.Seconds())
	}
	if wanted := i.Stolen + i.Busy; i.Stolen > 2*tick*time.Duration(i.CPUs) {
		w.Stolen = i.Stolen.Seconds() / wanted.Seconds()
	}
}
