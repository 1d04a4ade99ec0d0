package selftest

import (
	"fmt"
	"math"
	"time"

	"nodecompare/results"
)

// The figures of a check.
const (
	figureP50      = "p50"
	figureP90      = "p90"
	figureP99      = "p99"
	figureP999     = "p99.9"
	figureMax      = "max"
	figureRequests = "requests"
	figureRate     = "rate"
)

const (
	unitMicros   = "us"
	unitRequests = "requests"
	unitRate     = "requests/s"
)

// How far a time may be from the truth: a share of it, or a time, whichever is more. The time is
// for what lies between the clocks of client and server and belongs to neither: the kernel's
// loopback, and waking a thread at either end.
const (
	delayShare = 0.02
	medianTime = 100 * time.Microsecond
	tailTime   = time.Millisecond // one request in a hundred may wait for a core
	stallShare = 0.03
	// soonest is what the fastest of many requests may take beyond the server's figure. Noise
	// lengthens some requests, or most, but not all of them. A loopback is passed in 20 to 50 µs;
	// on a virtual machine whose host is busy 300 were seen, with nothing wrong.
	soonest = time.Millisecond
)

// What tells a machine that others disturb from one that is late by itself.
const (
	// steady is by how much more than half of its requests the plain client's others may be late:
	// half of what an engine is allowed in its tail, because a busy machine shows there first.
	steady = tailTime / 2
	// perOffset is how many times the plain client's lateness an engine may be late: each thread
	// that a request passes through is woken, three in the plain client's case, and up to five in
	// an engine's.
	perOffset = 2
	// crowd is far more than a quiet system's own processes take, and than the readings can be off
	// by: 10 ms for each CPU.
	crowd = 0.1
	// stolen is as in the rule of trust.
	stolen = 0.01
	// lateStop is the part of a stop, one in so many, by which it may begin late on a crowded
	// machine.
	lateStop = 4
)

// Allow gives an engine the offset of the machine that w was seen on, where that is more than it is
// allowed anyhow.
func Allow(c results.SelftestCheck, w Witness) results.SelftestCheck {
	if late, known := w.offset(); known {
		c.Allowed = max(c.Allowed, perOffset*inMicros(late))
	}
	return c
}

// Judge gives the verdict on a time, with the reason if it is not ok. w is what the plain client
// saw beside it. certain says that another attempt cannot make it good: a client's figure below the
// server's own, whose clock runs within the client's, is no matter of noise.
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

// Count is what became of the requests of a run: by the plan, by the engine, and by the server.
type Count struct {
	Offered uint64 // by the plan
	Sent    uint64 // that the engine says were answered or failed
	Unsent  uint64 // that the engine says it could not send in time
	Errors  uint64 // of those sent
	Retries uint64 // sent twice, over a new connection
	Seen    uint64 // by the server
}

// Judge gives the verdict on a count, where nothing may be missing and nothing come twice.
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

// judgeRate gives the verdict on the highest rate: only too little is wrong, and that is the
// machine's.
func judgeRate(c results.SelftestCheck) (verdict, reason string) {
	if c.Measured >= c.Truth {
		return results.SelftestOK, ""
	}
	return results.SelftestNoisy, fmt.Sprintf("not even %.0f requests/s left within %v of when they were "+
		"due: the machine is too busy, or too slow, to offer a load", c.Truth, lagLimit)
}

// Overall is the worst verdict of the checks; without any the machine did not get far enough to be
// trusted.
func Overall(checks []results.SelftestCheck) string {
	if len(checks) == 0 {
		return results.SelftestNoisy
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
	case results.SelftestNoisy:
		return 1
	}
	return 2
}

// micros is the time that so many microseconds are.
func micros(us float64) time.Duration { return time.Duration(us * float64(time.Microsecond)) }

func inMicros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

func inMillis(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

// brief drops the digits that say nothing.
func brief(d time.Duration) time.Duration {
	if d.Abs() < 10*time.Millisecond {
		return d.Round(time.Microsecond)
	}
	return d.Round(100 * time.Microsecond)
}
