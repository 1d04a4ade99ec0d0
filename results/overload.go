package results

// Goodput is what an overloaded server did that was worth its while: the requests that were due in the surge and answered in time, per
// second of it.
func Goodput(r Rung) (float64, bool) {
	if r.Toll == nil {
		return 0, false
	}
	return r.Toll.GoodputRPS, true
}

// leastRecovery is as short a time to recover as can be told: one step of the window that it is found with.
const leastRecovery = 0.05

// RecoveryTime is in seconds from the end of a surge. Of a server that did not recover it is how long it had, which is the least that
// it would take.
func RecoveryTime(r Rung) (float64, bool) {
	if r.Toll == nil {
		return 0, false
	}
	return max(leastRecovery, r.Toll.RecoveryS), true
}

// answeredOfSurge is the share of the requests that were due in the surge and got an answer without error, in time or late.
func answeredOfSurge(r Rung) (float64, bool) {
	if r.Toll == nil || r.Toll.Due == 0 {
		return 0, false
	}
	return max(nextToNone, float64(r.Toll.InTime+r.Toll.Late)/float64(r.Toll.Due)), true
}

// inTimeShare is the share of them that was answered in time.
func inTimeShare(r Rung) (float64, bool) {
	if r.Toll == nil || r.Toll.Due == 0 {
		return 0, false
	}
	return max(nextToNone, float64(r.Toll.InTime)/float64(r.Toll.Due)), true
}
