//go:build !linux

package loadgen

import (
	"errors"
	"sync"
	"syscall"
	"time"
)

// awake is Linux's: this system has no such request.
type awake struct{}

func stayAwake() awake { return awake{} }

func (a awake) held() bool { return false }

func (a awake) end() {}

// sharpenTimers has nothing to do: kevent(2) takes no slack that it is not asked for.
func sharpenTimers() error { return nil }

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

func recv(fd uintptr, b []byte) (int, syscall.Errno) { return counted(syscall.Read(int(fd), b)) }

// send relies on Go's runtime for SIGPIPE: on a socket it is ignored.
func send(fd uintptr, b []byte) (int, syscall.Errno) { return counted(syscall.Write(int(fd), b)) }

func counted(n int, err error) (int, syscall.Errno) {
	if err == nil {
		return n, 0
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		errno = syscall.EIO
	}
	return 0, errno
}
