package selftest

import (
	"errors"
	"os"
	"time"

	"nodecompare/loadgen/cpuset"
	"nodecompare/loadgen/sample"
)

// machine is one reading of who has had how much CPU time.
type machine struct {
	host sample.HostState
	ours time.Duration // of engine and server
	told bool          // the system tells it of a process
}

func readMachine(server int) (m machine, err error) {
	cpus, err := cpuset.Allowed() // what others have of further ones is no matter
	if err != nil && !errors.Is(err, cpuset.ErrNoPinning) {
		return m, err
	}
	if m.host, err = sample.ReadHost(cpus); err != nil {
		return m, err
	}
	m.told = true
	for _, pid := range []int{os.Getpid(), server} {
		cpu, err := sample.Subject{PID: pid}.CPUTime()
		if errors.Is(err, sample.ErrUnsupported) {
			return machine{host: m.host}, nil
		}
		if err != nil {
			return m, err
		}
		m.ours += cpu
	}
	return m, nil
}

// others is the share of the machine's CPU time since an earlier reading that others had; 0 where it is not known.
func (m machine) others(earlier machine) float64 {
	i := m.host.Since(earlier.host)
	all := i.Elapsed * time.Duration(i.CPUs)
	if !m.told || !earlier.told || all <= 0 {
		return 0
	}
	return max(0, (i.Busy+i.Stolen-(m.ours-earlier.ours)).Seconds()/all.Seconds())
}
