package loadgen

import (
	"errors"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// waiter waits on a timerfd in Go's own poller: as exact as the kernel's timers, while a goroutine's sleep is rounded up
// to a whole millisecond whenever the process has nothing else to do, and with no thread blocked in nanosleep, whose
// return would have to take Go's processor back from another (55 µs with one processor). Its system calls are raw for the
// reason given at recv.
type waiter struct {
	file  *os.File
	raw   syscall.RawConn
	step  func(fd uintptr) bool // made once: a method value allocates
	timer unix.ItimerSpec
	armed bool
	err   syscall.Errno // of arming it
}

func newWaiter() (*waiter, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	w := &waiter{file: os.NewFile(uintptr(fd), "timerfd")}
	if w.raw, err = w.file.SyscallConn(); err != nil {
		return nil, errors.Join(err, w.file.Close())
	}
	w.step = w.armThenRead
	return w, nil
}

// wait returns true after d, false when interrupted.
func (w *waiter) wait(d time.Duration) bool {
	w.timer.Value = unix.NsecToTimespec(d.Nanoseconds())
	w.armed, w.err = false, 0
	return w.raw.Read(w.step) == nil && w.err == 0
}

// armThenRead returns false to wait until the timer has gone off and be called again. An edge between arming it and waiting
// is kept by the poller.
func (w *waiter) armThenRead(fd uintptr) (done bool) {
	if !w.armed {
		w.armed = true
		_, _, w.err = unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, fd, 0, uintptr(unsafe.Pointer(&w.timer)), 0, 0, 0)
		return w.err != 0
	}
	var expirations uint64
	_, _, errno := unix.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(&expirations)), 8)
	return errno != unix.EAGAIN
}

// interrupt ends the present and every later wait.
func (w *waiter) interrupt() {
	w.file.SetReadDeadline(time.Unix(1, 0)) // an error means that it is closed: then nothing waits
}

func (w *waiter) close() { w.file.Close() }
