//go:build !linux

package loadgen

import (
	"errors"
	"sync"
	"syscall"
	"time"
)

// awake does nothing: only Linux has such a request.
type awake struct{}

func stayAwake() awake { return awake{} }

func (a awake) held() bool { return false }

func (a awake) end() {}

// sharpenTimers does nothing: kevent(2) adds no slack by default.
func sharpenTimers() error { return nil }

// waiter waits on a goroutine's timer, which kqueue does not round as Linux does.
type waiter struct {
	done chan struct{}
	once sync.Once
}

func newWaiter() (*waiter, error) { return &waiter{done: make(chan struct{})}, nil }

// wait returns true after d, and false if interrupted.
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

// send relies on Go's runtime, which ignores SIGPIPE on sockets.
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
