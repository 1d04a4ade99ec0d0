package selftest

import (
	"fmt"
	"math"
	"time"

	"nodecompare/results"
)

// Figures of a check.
const (
	figureP50      = "p50"
	figureP90      = "p90"
	figureP99      = "p99"
	figureP999     = "p99.9"
	figureMax      = "max"
	figureRequests = "requests"
	figureRate     = "rate"
	figureMissed   = "missed"
)

const (
	unitMicros   = "us"
	unitRequests = "requests"
	unitEvents   = "events"
	unitRate     = "requests/s"
)

// Tolerances of a time: a share of it, or an absolute time, whichever is more. The absolute time
// covers what lies between the clocks of client and server: the kernel's loopback, and waking a
// thread at either end.
const (
	delayShare = 0.02
	medianTime = 100 * time.Microsecond
	tailTime   = time.Millisecond // one request in a hundred may wait for a core
	stallShare = 0.03
	// soonest is the largest excess of the fastest of many requests over the server's figure. Noise
	// lengthens some requests, or most, but not all. A loopback takes 20 to 50 µs; up to 300 µs
	// occur on a virtual machine with a busy host (docs/calibration.md).
	soonest = time.Millisecond
)

// Limits that tell a machine disturbed by others from one that is late by itself.
const (
	// steady is the largest delay, beyond its median, of the plain client's requests on a quiet
	// machine: half of an engine's tolerance in its tail, because a busy machine shows there first.
	steady = tailTime / 2
	// perOffset is how many times the plain client's delay an engine may have. A request wakes
	// three threads with the plain client, and up to five with an engine.
	perOffset = 2
	// crowd is far more than a quiet system's own processes take, and than the readings' error of
	// 10 ms for each CPU.
	crowd = 0.1
	// stolen is as in the rule of trust.
	stolen = 0.01
	// lateStop is the part of a stop, one in so many, by which it may begin late on a crowded
	// machine.
	lateStop = 4
)

// Allow raises an engine's tolerance to the machine's offset that w saw, if that is more.
func Allow(c results.SelftestCheck, w Witness) results.SelftestCheck {
	if late, known := w.offset(); known {
		c.Allowed = max(c.Allowed, perOffset*inMicros(late))
	}
	return c
}

// Judge returns the verdict on a time, with the reason if it is not ok. w is what the plain client
// saw beside it. certain says that another attempt cannot help: noise cannot make a client's figure
// smaller than the server's own, whose clock runs within the client's.
func Judge(c results.SelftestCheck, w Witness) (verdict, reason string, certain bool) {
	off := c.Measured - c.Truth
	switch {
	case math.IsNaN(off):
		return results.SelftestWrong, "it is no number", true
	case math.Abs(off) <= c.Allowed:
		return results.SelftestOK, "", false
	case off < 0:
		return results.SelftestWrong,
			fmt.Sprintf("%v less than what happened: no noise makes a request shorter than it was",
				brief(micros(-off))), true
	case w.Requests == 0:
		return results.SelftestNoisy,
			fmt.Sprintf("%v too long, and a plain client beside it got no answer at all", brief(micros(off))), false
	case w.crowded() && w.Min >= 0:
		return results.SelftestNoisy,
			fmt.Sprintf("%v too long, while %s; a plain client beside it was late by %v (p50) and %v (p99)",
				brief(micros(off)), w.crowd(), brief(w.P50), brief(w.P99)), false
	case w.Min > soonest || w.Min < 0:
		return results.SelftestWrong, fmt.Sprintf("the server's own clock cannot be right: of %d requests "+
			"of a plain client even the fastest differed from it by %v",
			w.Requests, brief(w.Min)), false
	case w.calm():
		return results.SelftestWrong,
			fmt.Sprintf("%v too long, while a plain client beside it was late by only %v (p50) and %v (p99)",
				brief(micros(off)), brief(w.P50), brief(w.P99)), false
	}
	return results.SelftestNoisy,
		fmt.Sprintf("%v too long, but a plain client beside it was late as well, by %v (p50) and %v (p99)",
			brief(micros(off)), brief(w.P50), brief(w.P99)), false
}

// Count is the number of requests of a run, by the plan, the engine and the server.
type Count struct {
	Offered uint64 // by the plan
	Sent    uint64 // by the engine: answered or failed
	Unsent  uint64 // by the engine: could not be sent in time
	Errors  uint64 // failed ones of Sent
	Retries uint64 // sent twice, over a new connection
	Seen    uint64 // by the server
}

// Judge returns the verdict on a count: no request may be missing or repeated.
func (c Count) Judge() (verdict, reason string, certain bool) {
	switch {
	case c.Sent+c.Unsent != c.Offered:
		return results.SelftestWrong,
			fmt.Sprintf("the engine accounts for %d sent and %d unsent requests of %d", c.Sent, c.Unsent,
				c.Offered), true
	case c.Seen > c.Sent+c.Retries:
		return results.SelftestWrong,
			fmt.Sprintf("the server answered %d requests, and the engine says that it sent only %d", c.Seen,
				c.Sent+c.Retries), true
	case c.Seen < c.Sent-c.Errors:
		return results.SelftestWrong,
			fmt.Sprintf("the engine says that %d requests were answered, and the server answered only %d",
				c.Sent-c.Errors, c.Seen), true
	case c.Unsent+c.Errors+c.Retries > 0:
		return results.SelftestNoisy, fmt.Sprintf("of %d requests %d were not sent in time, %d failed and "+
			"%d were sent twice: the machine cannot carry this load now",
			c.Offered, c.Unsent, c.Errors, c.Retries), false
	}
	return results.SelftestOK, "", false
}

// judgeRate returns the verdict on the highest rate. A rate can only be too low, which is the
// machine's fault.
func judgeRate(c results.SelftestCheck) (verdict, reason string) {
	if c.Measured >= c.Truth {
		return results.SelftestOK, ""
	}
	return results.SelftestNoisy, fmt.Sprintf("not even %.0f requests/s left within %v of when they were "+
		"due: the machine is too busy, or too slow, to offer a load", c.Truth, lagLimit)
}

// Overall returns the worst verdict of the checks.
func Overall(checks []results.SelftestCheck) string {
	if len(checks) == 0 {
		return results.SelftestNone
	}
	worst := results.SelftestOK
	for _, c := range checks {
		if rank(c.Verdict) > rank(worst) {
			worst = c.Verdict
		}
	}
	return worst
}

func rank(verdict string) int {
	switch verdict {
	case results.SelftestOK:
		return 0
	case results.SelftestNoisy, results.SelftestNone:
		return 1
	}
	return 2
}

// micros converts microseconds to a duration.
func micros(us float64) time.Duration { return time.Duration(us * float64(time.Microsecond)) }

func inMicros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

func inMillis(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

// brief drops insignificant digits.
func brief(d time.Duration) time.Duration {
	if d.Abs() < 10*time.Millisecond {
		return d.Round(time.Microsecond)
	}
	return d.Round(100 * time.Microsecond)
}
