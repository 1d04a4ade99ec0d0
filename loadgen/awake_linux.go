package loadgen

import (
	"encoding/binary"
	"os"
	"strings"
	"time"
)

const (
	latencyRequest = "/dev/cpu_dma_latency"
	idleDriver     = "/sys/devices/system/cpu/cpuidle/current_driver"
)

// awake holds the kernel's idle CPUs in states that they leave at once, from stayAwake to end: a request to its power
// management (Documentation/power/pm_qos_interface.rst), as cyclictest makes it. In an open load CPUs fall asleep between any
// two requests, and what it takes to wake them is no property of the server: on a virtual machine, where sleep is an exit to
// the hypervisor, 30 to 60 µs for a thread, and 10 µs of the CPU time of whoever wakes it.
type awake struct {
	file *os.File // nil when the system, or the lack of a permission (the file is root's), does not let us
}

func stayAwake() awake {
	f, err := os.OpenFile(latencyRequest, os.O_WRONLY, 0)
	if err != nil {
		return awake{}
	}
	// A signed 32-bit number of microseconds, in the byte order of the machine; it holds until the file is closed.
	if _, err := f.Write(binary.NativeEndian.AppendUint32(nil, uint32(longestWaking().Microseconds()))); err != nil {
		f.Close() // nothing was asked for
		return awake{}
	}
	return awake{f}
}

// longestWaking is how long a CPU may take to wake up. On real ones the first sleep state stays allowed: it takes a microsecond or two
// to leave, and a CPU that polled instead would take from its sibling threads and from the others' clock. A guest's
// haltpoll driver says as much of its one state, which is untrue: the hypervisor's part is not counted. There, only polling is awake.
func longestWaking() time.Duration {
	if driver, err := os.ReadFile(idleDriver); err == nil && strings.TrimSpace(string(driver)) == "haltpoll" {
		return 0
	}
	return 2 * time.Microsecond
}

func (a awake) held() bool { return a.file != nil }

func (a awake) end() {
	if a.file != nil {
		a.file.Close() // takes the request back
	}
}
