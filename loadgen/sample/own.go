package sample

import "time"

// ThreadUse is what one thread has used. All is 0 where the system does not tell.
type ThreadUse struct {
	CPU    time.Duration // user and system
	Waited time.Duration // ready to run, while others had its CPU
	Runs   uint64        // how often it was given a CPU
}

// Since is what it used after an earlier reading.
func (u ThreadUse) Since(earlier ThreadUse) ThreadUse {
	return ThreadUse{
		CPU: max(0, u.CPU-earlier.CPU), Waited: max(0, u.Waited-earlier.Waited),
		Runs: u.Runs - min(u.Runs, earlier.Runs),
	}
}
