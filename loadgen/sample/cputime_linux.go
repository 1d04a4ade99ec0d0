package sample

import "time"

// cpuTime is what a process has used since it started, user and system, by the scheduler's own clock: one system call, however many
// threads there are. ErrUnsupported where the system does not tell.
func cpuTime(pid int) (time.Duration, error) {
	used, err := cpuClock(pid, clockSched)
	if err != nil {
		return 0, about(pid, err)
	}
	return used, nil
}
