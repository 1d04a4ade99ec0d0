package selftest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"syscall"
	"time"
)

// Stall is a steady open load on a server that is stopped for a while during it.
type Stall struct {
	Rate float64 // requests/s
	// Connections are fewer than a hundredth of the requests, so that the uncorrected p99 does not
	// see the stall at all.
	Connections int
	Duration    time.Duration // of the load
	After       time.Duration // from the start of the load to the stop
	Length      time.Duration // of the stop, which ends well before the load
}

// Latency returns the latency at a quantile, in percent, that a load of the given number of
// requests must show after a stop of the given length, counted from when each request was due.
// Requests due within the stop, 1/Rate apart, are answered at its end: the k-th of them, from 0,
// has waited for length - (k+½)/Rate, where the half stands for the unknown moment of the stop
// between two requests. All others take negligible time, so a quantile among them is 0. The rank of
// a quantile is the nearest, as in an HDR histogram. The time of the answers themselves is not
// counted.
func (s Stall) Latency(percent float64, requests uint64, length time.Duration) time.Duration {
	rank := math.Floor(percent/100*float64(requests) + 0.5)
	k := float64(requests) - max(rank, 1)
	return max(0, length-time.Duration((k+0.5)/s.Rate*float64(time.Second)))
}

// stopped is how long a process stood still.
type stopped struct {
	length time.Duration
	doubt  time.Duration // error of the length: how long sending the two signals took
	err    error
}

// stop stops the process for the length of the stall. The process continues afterwards in any case.
func (s Stall) stop(ctx context.Context, pid int) stopped {
	if !wait(ctx, s.After) {
		return stopped{err: ctx.Err()}
	}
	before := time.Now()
	err := syscall.Kill(pid, syscall.SIGSTOP)
	from := time.Now()
	wait(ctx, s.Length)
	to := time.Now()
	err = errors.Join(err, syscall.Kill(pid, syscall.SIGCONT))
	after := time.Now()
	if err != nil {
		err = fmt.Errorf("stop and continue the selftest's server, pid %d: %w", pid, err)
	}
	shortest, longest := to.Sub(from), after.Sub(before)
	return stopped{length: (shortest + longest) / 2, doubt: longest - shortest, err: errors.Join(err, ctx.Err())}
}

// wait returns true after d, and false if ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
