package loadgen

import (
	"sync"
	"time"
)

// waiter waits on a goroutine's timer: kqueue takes nanoseconds, so it is not rounded as on Linux.
type waiter struct {
	done chan struct{}
	once sync.Once
}

func newWaiter() (*waiter, error) { return &waiter{done: make(chan struct{})}, nil }

// wait returns true after d, false when interrupted.
func (w *waiter) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-w.done:
		return false
	}
}

// interrupt ends the present and every later wait.
func (w *waiter) interrupt() { w.once.Do(func() { close(w.done) }) }

func (w *waiter) close() {}
