package sample

import "time"

// Interference is the CPU time that others took within a span: the hypervisor by steal, and a
// cgroup's quota by throttling. Either makes a server look slow without its fault.
type Interference struct {
	Elapsed time.Duration
	CPUs    int // CPUs that were read

	// StealKnown is false if the system does not count steal (macOS). Stolen is the time for which
	// a virtual CPU was runnable and the hypervisor ran another. Busy is the time for which the
	// CPUs ran any process. Both are sums over the CPUs, in units of 10 ms (proc_stat(5), steal),
	// so each may be off by that for each CPU.
	//
	// Ran is the part of Busy spent in processes of any owner. The rest is interrupts.
	StealKnown   bool
	Stolen, Busy time.Duration
	Ran          time.Duration

	// QuotaKnown is false if no cgroup of this process counts throttling (cgroup v2's root never
	// does). Throttles is how often the process's cgroup, or one above it, had used up its quota.
	// Throttled is how long its CPUs then stood still, summed over them
	// (Documentation/scheduler/sched-bwc.rst).
	QuotaKnown bool
	Throttles  uint64
	Throttled  time.Duration
}

// HostState is one reading of the counters behind Interference, which only grow.
type HostState struct {
	at    time.Time
	cpus  int
	steal *stealTime
	quota *throttling
}

// stealTime is summed over CPUs, since boot.
type stealTime struct{ stolen, busy, ran time.Duration }

// throttling is summed over a process's cgroup and those above it, since their creation.
type throttling struct {
	times uint64
	time  time.Duration
}

// Since returns the interference between an earlier reading of the same CPUs and this one.
func (h HostState) Since(earlier HostState) Interference {
	i := Interference{Elapsed: h.at.Sub(earlier.at), CPUs: h.cpus}
	if h.steal != nil && earlier.steal != nil {
		// The kernel's idle and iowait counters may step back (proc_stat(5)). For these counters
		// the kernel just gives no promise.
		i.StealKnown = true
		i.Stolen = max(0, h.steal.stolen-earlier.steal.stolen)
		i.Busy = max(0, h.steal.busy-earlier.steal.busy)
		i.Ran = max(0, h.steal.ran-earlier.steal.ran)
	}
	if h.quota != nil && earlier.quota != nil {
		i.QuotaKnown = true
		i.Throttles = h.quota.times - min(earlier.quota.times, h.quota.times)
		i.Throttled = max(0, h.quota.time-earlier.quota.time)
	}
	return i
}
